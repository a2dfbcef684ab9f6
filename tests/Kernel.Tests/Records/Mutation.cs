using System.Text;
using System.Text.Json.Nodes;

namespace Tongxin.Kernel.Tests.Records;

/// <summary>Spoils resources in the ways that people, programs and networks do; repeatable from the random source.</summary>
internal sealed class Mutation(Random random)
{
    private static readonly string[] Strange =
    [
        "", " ", "\u0000", "\uFFFF", "2026-02-30", "2026-03-31T25:00:00Z", "0000", "9999-12-31T23:59:60.999999999999+14:00", "urn:oid:9.x", "urn:uuid:X", "#nowhere",
        "Patient/", "Patient/1/_history/", "http://[",
        "a b  c", "<div>", "&", "' OR 1=1 --", "\\,\\|\\$", "張三李四", "𠀀𠀁", "e\u0301\u0301\u0301", "1e999999999", "NaN",
    ];

    private static readonly string[] Numbers = ["0", "-0", "1e400", "1.0000000000000000000000000000000001", "-1", "2147483648", "0.5", "1e-400", "79228162514264337593543950335"];

    private static readonly byte[][] Bytes =
    [
        [0x00], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80],
        "\\uD800"u8.ToArray(), "\\u0000"u8.ToArray(), "{"u8.ToArray(), "]"u8.ToArray(), "\""u8.ToArray(), ","u8.ToArray(),
    ];

    public byte[] Structural(byte[] resource)
    {
        var root = JsonNode.Parse(resource)!;
        for (var times = random.Next(1, 4); times > 0; times--) Spoil(root);
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    public byte[] Bytewise(byte[] resource)
    {
        var at = random.Next(resource.Length);
        switch (random.Next(6))
        {
            case 0:
                return resource[..at];
            case 1:
                var to = Math.Min(resource.Length, at + random.Next(1, 40));
                return [.. resource[..at], .. resource[to..]];
            case 2:
                return [.. resource[..at], .. Bytes[random.Next(Bytes.Length)], .. resource[at..]];
            case 3:
                var flipped = (byte[])resource.Clone();
                flipped[at] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 4:
                var end = Math.Min(resource.Length, at + random.Next(1, 60));
                return [.. resource[..end], .. resource[at..]];
            default:
                return [.. resource, .. Bytes[random.Next(Bytes.Length)]];
        }
    }

    private void Spoil(JsonNode root)
    {
        var (parent, key, index) = Pick(root);
        if (parent is null) return;
        if (parent is JsonObject owner) SpoilMember(owner, key!);
        else SpoilItem((JsonArray)parent, index);
    }

    private void SpoilMember(JsonObject owner, string key)
    {
        switch (random.Next(9))
        {
            case 0:
                owner.Remove(key);
                break;
            case 1:
                owner["_" + key] = Value();
                break;
            case 2:
                var value = owner[key];
                owner.Remove(key);
                owner[key + "X"] = value;
                break;
            case 3:
                owner[key] = new JsonArray(owner[key]?.DeepClone());
                break;
            case 4:
                owner[key] = owner[key] is JsonArray { Count: > 0 } list ? list[0]?.DeepClone() : new JsonObject();
                break;
            case 5:
                owner[key + "String"] = Value();
                break;
            default:
                owner[key] = Value();
                break;
        }
    }

    private void SpoilItem(JsonArray list, int index)
    {
        switch (random.Next(4))
        {
            case 0:
                list.RemoveAt(index);
                break;
            case 1:
                list.Add(list[index]?.DeepClone());
                break;
            case 2:
                list[index] = null;
                break;
            default:
                list[index] = Value();
                break;
        }
    }

    private JsonNode? Value() => random.Next(8) switch
    {
        0 => null,
        1 => JsonValue.Create(random.Next(2) is 0),
        2 => JsonNode.Parse(Numbers[random.Next(Numbers.Length)]),
        3 => new JsonObject(),
        4 => new JsonArray(),
        5 => new JsonObject { ["id"] = "x", ["extension"] = new JsonArray(new JsonObject { ["url"] = "urn:x", ["valueCode"] = Strange[random.Next(Strange.Length)] }) },
        6 => Nested(random.Next(1, 80)),
        _ => JsonValue.Create(Strange[random.Next(Strange.Length)]),
    };

    private static JsonNode Nested(int depth)
    {
        JsonNode node = JsonValue.Create("deep");
        for (var i = 0; i < depth; i++) node = i % 2 is 0 ? new JsonArray(node) : new JsonObject { ["extension"] = node };
        return node;
    }

    private (JsonNode? Parent, string? Key, int Index) Pick(JsonNode root)
    {
        var at = root;
        while (true)
        {
            if (at is JsonObject { Count: > 0 } owner)
            {
                var (key, child) = owner.GetAt(random.Next(owner.Count));
                if (child is null or JsonValue || random.Next(3) is 0) return (owner, key, 0);
                at = child;
            }
            else if (at is JsonArray { Count: > 0 } list)
            {
                var index = random.Next(list.Count);
                if (list[index] is null or JsonValue || random.Next(4) is 0) return (list, null, index);
                at = list[index]!;
            }
            else return (null, null, 0);
        }
    }
}
