using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using QRCoder;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.People;

/// <summary>电子健康卡: issues a card id by the national derivation, shows it as a static or a dynamic code, reads both, and takes lost cards back.</summary>
/// <remarks>
/// A dynamic code ends after <see cref="Lifetime"/> and is read once; each reading of one is a <c>Basic</c> of the record, whose id follows from the code, so
/// that two counters cannot both be first. A card that was taken back keeps its identifier with the day it ended and resolves to nobody. The two keys are
/// made at first use and lie in the data folder, readable by its owner only; in production they belong into a cryptographic machine.
/// </remarks>
public sealed class HealthCards(RecordAccess records, RecordEngine engine, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>Cards of one person; a number that is lost so often is somebody's whom one should talk to.</summary>
    public const int MostCards = 20;

    private const string ReasonExtension = "https://tongxin.health/fhir/StructureDefinition/card-ended-because";
    private const string KeyFile = "health-card.key";
    private const int KeyBytes = 16;
    private const int CardIdLength = 64;
    private const int LongestReason = 200;
    private const string CitizenCard = "01";
    private const string OtherCard = "99";
    private const int QuietModules = 2;
    private static readonly Caller Hands = Caller.System("health-cards");

    private readonly Lazy<(string Root, string Protection)> keys = new(() => ReadKeys(engine.Folder));

    /// <summary>The card id that is valid; null when none was issued, or all were taken back. A card from before a merge is read, not shown.</summary>
    public static string? CardOf(JsonElement person) =>
        person.Each("identifier").Where(i => i.Text("system") == HealthCard.System && i.Text("use") is not "old" && !IsEnded(i)).Select(i => i.Text("value")).FirstOrDefault();

    /// <summary>All cards of the person, the newest last.</summary>
    public static IReadOnlyList<IssuedCard> CardsOf(JsonElement person) =>
        [.. from i in person.Each("identifier")
            where i.Text("system") == HealthCard.System && i.Text("value") is not null
            select new IssuedCard(i.Text("value")!, i.Member("period")?.Text("start"), i.Member("period")?.Text("end"),
                i.Each("extension").Where(e => e.Text("url") is ReasonExtension).Select(e => e.Text("valueString")).FirstOrDefault())];

    /// <summary>Whether an identifier is a card, or another code, that has ended.</summary>
    public static bool IsEnded(JsonElement identifier) => identifier.Member("period")?.Text("end") is not null;

    /// <summary>Puts a card id on the person's record; nothing when she has a valid one. Refuses 404, and 422 without a number to derive it from.</summary>
    /// <remarks>
    /// The first card of a number is the national derivation's. Of a later one the derivation knows nothing: two digits of order stand after the number, so that the
    /// code of the lost card stays dead.
    /// </remarks>
    public async Task IssueAsync(Caller caller, string patient, CancellationToken cancel)
    {
        var stored = await PersonAsync(caller, patient, cancel);
        var person = JsonReading.Parse(stored);
        if (CardOf(person) is not null) return;
        var citizen = Number(person, CitizenId.System);
        if ((citizen ?? Number(person, RecordNumber.System)) is not { } number)
            throw RefusedException.Because(422, "required", "没有身份证号，也没有档案编号，不能发卡。");
        var type = citizen is null ? OtherCard : CitizenCard;
        var before = CardsOf(person).Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
        var card = Enumerable.Range(1, MostCards).Select(order => CardId(type, number, order)).FirstOrDefault(c => !before.Contains(c))
            ?? throw RefusedException.Because(422, "too-costly", $"已经发过 {MostCards} 张卡，请联系管理员。");
        var body = JsonWriting.Edit(stored);
        ((JsonArray)body["identifier"]!).Add(new JsonObject
        {
            ["system"] = HealthCard.System, ["value"] = card, ["period"] = new JsonObject { ["start"] = JsonWriting.Day(LocalTime.Today(clock)) },
        });
        await records.CommitAsync(caller, [JsonWriting.Put(body, stored.Version)], new(Reason: "发放电子健康卡"), cancel);
    }

    /// <summary>Takes a card back: its static and dynamic codes resolve to nobody from now on. Refuses 404 and, without a reason, 422.</summary>
    public async Task RevokeAsync(Caller caller, string patient, string card, string reason, CancellationToken cancel)
    {
        if (reason.Trim() is not { Length: > 0 and <= LongestReason }) throw RefusedException.Because(422, "required", $"请写明理由（不超过 {LongestReason} 字）。", "reason");
        var stored = await PersonAsync(caller, patient, cancel);
        var body = JsonWriting.Edit(stored);
        var identifier = ((body["identifier"] as JsonArray) ?? []).OfType<JsonObject>()
            .FirstOrDefault(i => (string?)i["system"] == HealthCard.System && (string?)i["value"] == card && i["period"]?["end"] is null)
            ?? throw RefusedException.Because(404, "not-found", "没有这张卡，或已经注销。");
        identifier["use"] = "old";
        var period = identifier["period"] as JsonObject ?? [];
        period["end"] = ResourceBody.Instant(clock.GetUtcNow());
        if (identifier["period"] is null) identifier["period"] = period;
        identifier["extension"] = new JsonArray(new JsonObject { ["url"] = ReasonExtension, ["valueString"] = reason.Trim() });
        await records.CommitAsync(caller, [JsonWriting.Put(body, stored.Version)], new(Reason: $"注销电子健康卡：{reason.Trim()}"), cancel);
    }

    /// <summary>The card id and, encrypted, until when the code may be read.</summary>
    public string Dynamic(string card) => $"{card}:{HealthCard.Validity(clock.GetUtcNow().Add(Lifetime).ToOffset(LocalTime.Offset), keys.Value.Protection)}";

    /// <summary>What a scanned text is. Reads nothing of the record.</summary>
    public CardCode Read(string text)
    {
        var parts = text.Trim().ToUpperInvariant().Split(':');
        if (parts[0].Length is not CardIdLength || !parts[0].All(char.IsAsciiHexDigit)) return new(CardReading.NoCode);
        if (parts.Length is 1) return new(CardReading.Static, parts[0]);
        var until = parts.Length is 2 ? HealthCard.ReadValidity(parts[1], keys.Value.Protection, LocalTime.Offset) : null;
        var now = clock.GetUtcNow();
        return until > now && until <= now + Lifetime ? new(CardReading.Dynamic, parts[0], parts[1]) : new(CardReading.Ended);
    }

    /// <summary>Uses a dynamic code up. False when it was read before, here or at any other counter.</summary>
    public async Task<bool> UseAsync(Caller caller, CardCode code, string? patient, CancellationToken cancel)
    {
        var body = new JsonObject
        {
            ["resourceType"] = "Basic", ["id"] = StableId.Of("card-use", code.Card!, code.Validity!), ["code"] = new JsonObject { ["text"] = "health-card-use" },
            ["created"] = JsonWriting.Day(LocalTime.Today(clock)), ["author"] = new JsonObject { ["display"] = $"{caller.Name} {caller.Organisation}".Trim() },
        };
        if (patient is not null) body["subject"] = JsonWriting.Reference($"Patient/{patient}");
        try
        {
            await records.CommitAsync(Hands, [JsonWriting.Put(body, isNew: true)], new(Reason: "电子健康卡动态码使用"), cancel);
            return true;
        }
        catch (RefusedException used) when (used.Status is 409 or 412)
        {
            return false;
        }
    }

    private string CardId(string type, string number, int order)
    {
        var holder = order is 1 ? number : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{number}{order:00}");
        return HealthCard.CardId(HealthCard.MasterIndex(type, number), type, holder, keys.Value.Root);
    }

    private async Task<Stored> PersonAsync(Caller caller, string patient, CancellationToken cancel) =>
        ResourceKey.IsLegalId(patient) && await records.ReadAsync(caller, new("Patient", patient), cancel) is { IsDeleted: false } stored
            ? stored : throw RefusedException.Because(404, "not-found", "没有这个人，或您无权查看。");

    /// <summary>The code as SVG without fixed size, to be printed at any.</summary>
    public static string Picture(string text)
    {
        using var data = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var size = data.ModuleMatrix.Count;
        var path = new System.Text.StringBuilder();
        for (var y = 0; y < size; y++)
            for (var x = 0; x < size; x++)
                if (data.ModuleMatrix[y][x]) path.Append(System.Globalization.CultureInfo.InvariantCulture, $"M{x} {y}h1v1h-1z");
        return $"<svg class=\"qr\" viewBox=\"{-QuietModules} {-QuietModules} {size + 2 * QuietModules} {size + 2 * QuietModules}\" role=\"img\" aria-label=\"QR\">" +
            $"<rect x=\"{-QuietModules}\" y=\"{-QuietModules}\" width=\"100%\" height=\"100%\" fill=\"#fff\"/><path fill=\"#000\" d=\"{path}\"/></svg>";
    }

    private static string? Number(JsonElement person, string system) => person.Each("identifier").FirstOrDefault(i => i.Text("system") == system).Text("value");

    private static (string Root, string Protection) ReadKeys(string folder)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, KeyFile);
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var stream = new FileStream(file, options);
            stream.Write(RandomNumberGenerator.GetBytes(2 * KeyBytes));
        }
        catch (IOException) when (File.Exists(file))
        {
            // It was made before.
        }

        var bytes = File.ReadAllBytes(file);
        return (Convert.ToHexString(bytes, 0, KeyBytes), Convert.ToHexString(bytes, KeyBytes, KeyBytes));
    }
}

/// <summary>A card as it stands on a person's record.</summary>
/// <param name="From">Day of issue; null for cards from before days were kept.</param>
/// <param name="Ended">When it was taken back; null while it is valid.</param>
/// <param name="Because">Why it was taken back.</param>
public sealed record IssuedCard(string Id, string? From, string? Ended, string? Because);

/// <summary>What a scanned text is.</summary>
public enum CardReading { NoCode, Static, Dynamic, Ended }

/// <summary>A scanned text as a card's code.</summary>
/// <param name="Card">Null when it is none, or one that has ended or was not made here.</param>
/// <param name="Validity">The encrypted end of a dynamic code.</param>
public sealed record CardCode(CardReading Reading, string? Card = null, string? Validity = null);
