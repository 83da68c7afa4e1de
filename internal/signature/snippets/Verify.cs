#nullable enable
using System;
using System.Security.Cryptography;
using System.Text;

public static class Fourthwall
{
    /// <summary>Tells whether a body comes from Fourthwall.</summary>
    /// <param name="body">The raw bytes as they came, before anything parses them.</param>
    /// <param name="signature">The value of the header X-Fourthwall-Hmac-SHA256.</param>
    /// <param name="secret">The secret of your shop's webhooks.</param>
    public static bool Verify(byte[] body, string? signature, string secret)
    {
        byte[] mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body);
        byte[] want = Encoding.UTF8.GetBytes(Convert.ToBase64String(mac));
        return CryptographicOperations.FixedTimeEquals(want, Encoding.UTF8.GetBytes(signature ?? ""));
    }
}

// With ASP.NET Core 6 or newer. Reading the stream keeps the bytes; a [FromBody] object would lose them.
//
// app.MapPost("/fourthwall", async (HttpRequest request) =>
// {
//     using var buffer = new MemoryStream();
//     await request.Body.CopyToAsync(buffer);
//     string? secret = Environment.GetEnvironmentVariable("FOURTHWALL_SECRET");
//     string? signature = request.Headers["X-Fourthwall-Hmac-SHA256"];
//     if (string.IsNullOrEmpty(secret) || !Fourthwall.Verify(buffer.ToArray(), signature, secret))
//     {
//         return Results.Unauthorized();
//     }
//     using var json = System.Text.Json.JsonDocument.Parse(buffer.ToArray());
//     string? id = json.RootElement.GetProperty("id").GetString(); // It may come again: remember the id.
//     return Results.Ok(); // Fourthwall takes nothing but 200 for received.
// });
