using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Modules.Rights;

/// <summary>复制与转移: all that is on record about the resident who asks, through her own door, as a FHIR bundle or as a paper to read.</summary>
/// <remarks>Source: 个人信息保护法 §45 (copy and transfer), 医疗机构病历管理规定 §17. Each copy is on record. Refuses 413 <c>too-costly</c> beyond <see cref="Most"/> resources.</remarks>
public sealed class OwnData(RecordAccess records, AuditTrail trail, TimeProvider clock)
{
    public const int Most = 20_000;

    /// <param name="form">What she takes away, for the audit trail: <c>fhir</c> or <c>pdf</c>.</param>
    public async Task<IReadOnlyList<Stored>> GatherAsync(Caller caller, string form, CancellationToken cancel)
    {
        var me = new ResourceKey("Patient", Consents.Me(caller));
        if (await records.ReadAsync(caller, me, cancel) is not { IsDeleted: false } person) throw RefusedException.Because(404, "not-found", "没有您的档案。");
        var all = new List<Stored> { person };
        foreach (var type in Compartments.Types("Patient").Where(t => t is not "Patient" && Policy.Of(caller.Role)!.On(t).HasFlag(Interactions.Search)))
        {
            if (Compartments.Parameters("Patient", type) is not { Count: > 0 } ways) continue;
            var request = new SearchRequest { Type = type, Count = SearchRequest.MostPerPage, Criteria = [new Criterion.InCompartment(ways, me)] };
            do
            {
                var page = await records.SearchAsync(caller, request, cancel);
                all.AddRange(page.Matches);
                if (all.Count > Most) throw RefusedException.Because(413, "too-costly", "档案太大，请联系您的卫生机构。");
                request = request with { Cursor = page.Next };
            }
            while (request.Cursor is not null);
        }

        await trail.NoteAsync(AuditEntry.By(caller, clock.GetUtcNow(), "export", permitted: true, caller.Role.ToString()) with { People = [me.Id], Query = form }, cancel);
        return all;
    }

    /// <summary>A <c>collection</c> bundle; the bytes of each resource are those of the record.</summary>
    public static byte[] Bundle(IReadOnlyList<Stored> resources, DateTimeOffset at)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("resourceType", "Bundle");
            writer.WriteString("type", "collection");
            writer.WriteString("timestamp", ResourceBody.Instant(at));
            writer.WriteStartArray("entry");
            foreach (var stored in resources)
            {
                writer.WriteStartObject();
                writer.WriteString("fullUrl", $"https://tongxin.health/fhir/{stored.Key}");
                writer.WritePropertyName("resource");
                writer.WriteRawValue(stored.Body.Span);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }
}
