using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Tongxin.Fhir.Json;

/// <summary>Looks JSON member names up without making strings of them. Immutable; for the hot paths that walk every member of a resource.</summary>
public sealed class NameTable<T> where T : class
{
    private readonly byte[][] names;
    private readonly T[] values;
    private readonly int mask;

    public NameTable(IEnumerable<KeyValuePair<string, T>> entries)
    {
        var all = entries.ToList();
        var size = 4;
        while (size < all.Count * 2) size *= 2;
        mask = size - 1;
        names = new byte[size][];
        values = new T[size];
        foreach (var (name, value) in all)
        {
            var bytes = Encoding.UTF8.GetBytes(name);
            var at = Hash(bytes) & mask;
            while (names[at] is not null) at = (at + 1) & mask;
            (names[at], values[at]) = (bytes, value);
        }
    }

    public T? this[JsonProperty property]
    {
        get
        {
            var raw = JsonMarshal.GetRawUtf8PropertyName(property);
            return raw.Contains((byte)'\\') ? Find(Encoding.UTF8.GetBytes(property.Name)) : Find(raw);
        }
    }

    public T? Find(ReadOnlySpan<byte> name)
    {
        for (var at = Hash(name) & mask; names[at] is { } candidate; at = (at + 1) & mask)
            if (name.SequenceEqual(candidate)) return values[at];
        return null;
    }

    private static int Hash(ReadOnlySpan<byte> name)
    {
        var hash = (uint)name.Length;
        foreach (var b in name) hash = (hash ^ b) * 16777619;
        return (int)(hash ^ (hash >> 15));
    }
}
