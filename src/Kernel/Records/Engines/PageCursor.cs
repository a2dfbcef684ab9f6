using System.Globalization;
using System.Text;
using System.Text.Json;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Records.Engines;

/// <summary>Where a page ended: the last row's sort keys and rid. The next page begins after them, whatever was written meanwhile.</summary>
internal sealed record PageCursor(IReadOnlyList<string?> Keys, long Rid)
{
    public override string ToString() => Keys.Count is 0
        ? Rid.ToString(CultureInfo.InvariantCulture)
        : Convert.ToHexStringLower(Encoding.UTF8.GetBytes(JsonSerializer.Serialize((string?[])[.. Keys, Rid.ToString(CultureInfo.InvariantCulture)])));

    /// <summary>Throws <see cref="RefusedException"/> (400) on a text that is not a cursor of a search with so many keys.</summary>
    public static PageCursor Parse(string text, int keys)
    {
        try
        {
            if (keys is 0) return new([], long.Parse(text, CultureInfo.InvariantCulture));
            var parts = JsonSerializer.Deserialize<string?[]>(Convert.FromHexString(text)) ?? [];
            if (parts.Length == keys + 1) return new(parts[..^1], long.Parse(parts[^1]!, CultureInfo.InvariantCulture));
        }
        catch (Exception wrong) when (wrong is FormatException or JsonException or OverflowException or ArgumentNullException)
        {
            // Told below.
        }
        throw RefusedException.Because(400, "value", "The page cursor is not one that this server made for this search.");
    }
}
