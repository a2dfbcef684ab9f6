using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Referrals;

/// <summary>Brings referrals to receivers outside: what a sending put into the record as a <c>Communication</c> is posted until it is taken or refused for good.</summary>
/// <remarks>
/// The package lies in the Communication as it was sent, and each try leaves a line in it. Only places listed in <c>outgoing.txt</c> are spoken to; a redirect is
/// an answer that refuses, never followed. No answer, 408, 429 and 5xx are tried again after longer and longer, for a day; then a person has to look.
/// </remarks>
public sealed partial class OutsideDelivery(RecordAccess records, OutgoingAddresses outgoing, TimeProvider clock, ILogger<OutsideDelivery> logger) : StandingWork
{
    public const string Category = "https://tongxin.health/cs/communication";
    public const string Outside = "referral-outside";
    private const string NextExtension = "https://tongxin.health/fhir/StructureDefinition/next-try";
    private const string PackageType = "application/fhir+json";
    private const int AtOnce = 50;
    private const int LongestAnswer = 1 << 20;
    private static readonly Caller Self = Caller.System("referral-outside");
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestAnswerTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromDays(1);
    private static readonly TimeSpan[] Waits = [TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2)];

    /// <summary>The letter of one sending, for the commit that sends.</summary>
    internal static Change Letter(string request, string patient, Referral referral, JsonObject package)
    {
        var bytes = JsonWriting.Bytes(package);
        return JsonWriting.Put(new()
        {
            ["resourceType"] = "Communication", ["id"] = StableId.Of("outside", request, ResourceBody.Instant(referral.At)),
            ["extension"] = new JsonArray(new JsonObject { ["url"] = NextExtension, ["valueInstant"] = ResourceBody.Instant(referral.At) }),
            ["basedOn"] = new JsonArray(JsonWriting.Reference($"ServiceRequest/{request}")),
            ["status"] = "preparation",
            ["category"] = new JsonArray(JsonWriting.Concept(Category, Outside, "平台外转诊")),
            ["subject"] = JsonWriting.Reference(patient),
            ["recipient"] = new JsonArray(JsonWriting.Reference($"Organization/{referral.To}")),
            ["sender"] = JsonWriting.Reference($"Organization/{referral.From}"),
            ["payload"] = new JsonArray(new JsonObject { ["contentAttachment"] = new JsonObject { ["contentType"] = PackageType, ["data"] = Convert.ToBase64String(bytes) } }),
        }, isNew: true);
    }

    /// <summary>What was tried to bring a referral outside, the newest letter first, as the caller may see it.</summary>
    public static async Task<IReadOnlyList<OutsideLetter>> OfReferralAsync(RecordAccess records, Caller caller, string request, CancellationToken cancel)
    {
        var page = await records.SearchAsync(caller, "Communication", $"based-on=ServiceRequest/{request}&category={Category}|{Outside}&_count={AtOnce}", cancel);
        return [.. page.Matches.Select(m => JsonReading.Parse(m)).Select(b => new OutsideLetter(b.Text("status") ?? "",
            [.. b.Each("note").Select(n => (DateTimeOffset.Parse(n.Text("time")!, CultureInfo.InvariantCulture).ToOffset(LocalTime.Offset), n.Text("text") ?? ""))])).Reverse()];
    }

    protected override Task RunAsync(CancellationToken stoppingToken) => AgainAsync(DeliverDueAsync, Rest, clock, Failed, stoppingToken);

    /// <summary>Tries every letter whose time has come, once. Answers how many were tried.</summary>
    internal async Task<int> DeliverDueAsync(CancellationToken cancel)
    {
        var page = await records.SearchAsync(Self, "Communication", $"status=preparation&category={Category}|{Outside}&_count={AtOnce}", cancel);
        var tried = 0;
        foreach (var stored in page.Matches)
        {
            var body = JsonReading.Parse(stored);
            if (!IsDue(body)) continue;
            var (state, said) = await TryAsync(body, cancel);
            await WriteAsync(stored, body, state, said, cancel);
            tried++;
        }

        return tried;
    }

    private bool IsDue(JsonElement letter) =>
        !DateTimeOffset.TryParse(letter.First("extension")?.Text("valueInstant"), CultureInfo.InvariantCulture, out var next) || next <= clock.GetUtcNow();

    private async Task<(LetterState State, string Said)> TryAsync(JsonElement letter, CancellationToken cancel)
    {
        var receiver = await OutsideReceiver.OfAsync(records, letter.Each("recipient").Select(r => r.Text("reference")?.Split('/')[^1]).FirstOrDefault() ?? "", cancel);
        if (receiver?.Address is not { } address) return (LetterState.Refused, "没有接收地址");
        if (!outgoing.Allows(address, out _)) return (LetterState.Refused, $"地址不在允许名单：{address.GetLeftPart(UriPartial.Authority)}");
        var package = letter.Each("payload").Select(p => p.Member("contentAttachment")?.Text("data")).First()!;
        using var client = outgoing.NewClient(LongestAnswerTime);
        client.MaxResponseContentBufferSize = LongestAnswer;
        using var content = new ByteArrayContent(Convert.FromBase64String(package)) { Headers = { ContentType = new MediaTypeHeaderValue(PackageType) } };
        try
        {
            using var answer = await client.PostAsync(address, content, cancel);
            var status = (int)answer.StatusCode;
            return status switch
            {
                >= 200 and < 300 => await IsTakenAsync(answer, cancel) ? (LetterState.Taken, $"已送达（{status}）") : (LetterState.Refused, $"答复 {status}，但不是事务应答"),
                >= 300 and < 400 => (LetterState.Refused, $"对方要求转到别处（{status}），不跟随"),
                408 or 429 or >= 500 => (LetterState.Again, $"对方暂时不能接收（{status}）"),
                _ => (LetterState.Refused, $"对方拒收（{status}）"),
            };
        }
        catch (HttpRequestException refused) when (refused is { StatusCode: null, InnerException: null or HttpRequestException })
        {
            return (LetterState.Refused, $"不允许连接：{refused.Message}");
        }
        catch (HttpRequestException unreachable)
        {
            return (LetterState.Again, $"未能连通：{unreachable.Message}");
        }
        catch (TaskCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (LetterState.Again, "对方没有按时答复");
        }
    }

    private static async Task<bool> IsTakenAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        try
        {
            return JsonNode.Parse(await answer.Content.ReadAsByteArrayAsync(cancel)) is JsonObject o
                && (string?)o["resourceType"] is "Bundle" && (string?)o["type"] is "transaction-response";
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private async Task WriteAsync(Stored stored, JsonElement before, LetterState state, string said, CancellationToken cancel)
    {
        var (body, now, tries) = (JsonWriting.Edit(stored), clock.GetUtcNow(), before.Each("note").Count());
        var first = before.Each("note").Select(n => DateTimeOffset.Parse(n.Text("time")!, CultureInfo.InvariantCulture)).DefaultIfEmpty(now).First();
        if (state is LetterState.Again && now - first >= GiveUpAfter) (state, said) = (LetterState.Refused, $"{said}；一天未送达，请改用纸质单或电话");
        var notes = body["note"] as JsonArray ?? [];
        body.Remove("note");
        notes.Add(new JsonObject { ["time"] = ResourceBody.Instant(now), ["text"] = said });
        body["note"] = notes;
        body["status"] = state switch { LetterState.Taken => "completed", LetterState.Refused => "stopped", _ => "preparation" };
        if (state is LetterState.Taken) body["sent"] = ResourceBody.Instant(now);
        if (state is LetterState.Again)
            body["extension"] = new JsonArray(new JsonObject { ["url"] = NextExtension, ["valueInstant"] = ResourceBody.Instant(now + Waits[Math.Min(tries, Waits.Length - 1)]) });
        await records.CommitAsync(Self, [JsonWriting.Put(body, stored.Version)], new(Reason: "平台外转诊"), cancel);
    }

    private enum LetterState { Taken, Again, Refused }

    [LoggerMessage(Level = LogLevel.Error, Message = "Referrals to receivers outside could not be looked through and will be again")]
    private partial void Failed(Exception failure);
}

/// <summary>One sending to a receiver outside, and what each try brought.</summary>
/// <param name="Status">FHIR: preparation (under way), completed (taken), stopped (refused).</param>
public sealed record OutsideLetter(string Status, IReadOnlyList<(DateTimeOffset At, string Said)> Tries);
