# frozen_string_literal: true

require "openssl"

# Tells whether a body comes from Fourthwall.
#   body: the raw bytes as they came, before JSON.parse
#   signature: the value of the header X-Fourthwall-Hmac-SHA256
#   secret: the secret of your shop's webhooks
def verify_fourthwall(body, signature, secret)
  want = [OpenSSL::HMAC.digest("SHA256", secret, body)].pack("m0")
  OpenSSL.secure_compare(want, signature.to_s)
end

# Your endpoint, as a config.ru for Rack. In Rails, request.raw_post gives the raw bytes; params does not.
#
# require "json"
#
# run lambda { |env|
#   body = env["rack.input"].read
#   secret = ENV.fetch("FOURTHWALL_SECRET")
#   if secret.empty? || !verify_fourthwall(body, env["HTTP_X_FOURTHWALL_HMAC_SHA256"], secret)
#     next [401, {}, []]
#   end
#
#   event = JSON.parse(body) # It may come again: remember event["id"].
#   [200, {}, []] # Fourthwall takes nothing but 200 for received.
# }
