<?php

// Runs a snippet's function over the vectors of standard input.
require $argv[1];

$vectors = json_decode(file_get_contents('php://stdin'), true);
echo json_encode(array_map(
    fn (array $v): bool => verify_fourthwall(base64_decode($v['body']), $v['signature'], $v['secret']),
    $vectors,
));
