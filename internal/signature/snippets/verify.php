<?php

declare(strict_types=1);

/**
 * Tells whether a body comes from Fourthwall.
 *
 * @param string $body      the raw bytes as they came, before json_decode
 * @param string $signature the value of the header X-Fourthwall-Hmac-SHA256
 * @param string $secret    the secret of your shop's webhooks
 */
function verify_fourthwall(string $body, string $signature, string $secret): bool
{
    $want = base64_encode(hash_hmac('sha256', $body, $secret, true));

    return hash_equals($want, $signature);
}

// Your endpoint. php://input holds the raw bytes.
//
// $body = file_get_contents('php://input');
// $signature = $_SERVER['HTTP_X_FOURTHWALL_HMAC_SHA256'] ?? '';
// $secret = getenv('FOURTHWALL_SECRET');
// if (!$secret || !verify_fourthwall($body, $signature, $secret)) {
//     http_response_code(401);
//     exit;
// }
// $event = json_decode($body, true); // It may come again: remember $event['id'].
// http_response_code(200); // Fourthwall takes nothing but 200 for received.
