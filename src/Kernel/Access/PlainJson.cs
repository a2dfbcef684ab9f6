using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tongxin.Kernel.Access;

/// <summary>JSON with Chinese as Chinese: a third of the bytes of numbered escapes, and readable in the database.</summary>
internal static class PlainJson
{
    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Bytes(JsonObject body) => JsonSerializer.SerializeToUtf8Bytes(body, Options);
}
