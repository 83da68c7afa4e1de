// Runs a snippet's function over the vectors of standard input.
#nullable enable
using System;
using System.Collections.Generic;
using System.Text.Json;

public static class Program
{
    public static void Main()
    {
        using JsonDocument vectors = JsonDocument.Parse(Console.OpenStandardInput());
        var results = new List<bool>();
        foreach (JsonElement v in vectors.RootElement.EnumerateArray())
        {
            results.Add(Fourthwall.Verify(
                v.GetProperty("body").GetBytesFromBase64(),
                v.GetProperty("signature").GetString(),
                v.GetProperty("secret").GetString()!));
        }
        Console.WriteLine(JsonSerializer.Serialize(results));
    }
}
