using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.People.Adt;

/// <summary>What was taken before: a message that is sent again is answered as the first time and not done again (MSH-10 is the sender's own, and unique with it).</summary>
/// <remarks>Each is a <c>Basic</c> of the record, so that a restart forgets none. Only what was taken is noted: a refused one may be mended and sent under its id.</remarks>
internal sealed class AdtOnce(RecordAccess records, TimeProvider clock)
{
    /// <summary>How long an id is remembered: senders' counters begin anew.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(30);

    private static readonly Caller Hands = Caller.System("hl7-adt");

    public static ResourceKey KeyOf(Caller caller, Hl7Message message) =>
        new("Basic", StableId.Of("adt", caller.Subject, message.Header[3], message.Header[4], message.Header[10]));

    public static string Digest(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>What was done the first time; null when this is the first. Refuses 409 another message under an id that was used.</summary>
    public async Task<string?> BeforeAsync(ResourceKey key, string digest, CancellationToken cancel)
    {
        if (await records.ReadAsync(Hands, key, cancel) is not { IsDeleted: false } stored || clock.GetUtcNow() - stored.LastUpdated > Remembered) return null;
        var note = JsonReading.Parse(stored);
        return note.First("identifier")?.Text("value") == digest ? note.Member("code")?.Text("text")
            : throw RefusedException.Because(409, "duplicate", "Another message was sent under this control id.", "MSH^1^10");
    }

    public Task NoteAsync(ResourceKey key, string digest, string did, CancellationToken cancel)
    {
        var body = new JsonObject
        {
            ["resourceType"] = "Basic", ["id"] = key.Id, ["code"] = new JsonObject { ["text"] = did },
            ["identifier"] = new JsonArray(new JsonObject { ["value"] = digest }),
            ["created"] = LocalTime.Today(clock).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        };
        return records.CommitAsync(Hands, [JsonWriting.Put(body)], new(Reason: "HL7 ADT"), cancel);
    }
}
