# frozen_string_literal: true

# Runs a snippet's function over the vectors of standard input.
require "json"
require ARGV[0]

vectors = JSON.parse($stdin.read)
puts JSON.generate(vectors.map { |v| verify_fourthwall(v["body"].unpack1("m0"), v["signature"], v["secret"]) })
