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

/// <summary>电子健康卡: issues a card id by the national derivation, shows it as a static or a dynamic code, and reads both.</summary>
/// <remarks>
/// A dynamic code ends after <see cref="Lifetime"/>; within it, it may be read more than once. The two keys are made at first use and lie in
/// the data folder, readable by its owner only; in production they belong into a cryptographic machine.
/// </remarks>
public sealed class HealthCards(RecordAccess records, RecordEngine engine, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private const string KeyFile = "health-card.key";
    private const int KeyBytes = 16;
    private const int CardIdLength = 64;
    private const string CitizenCard = "01";
    private const string OtherCard = "99";
    private const int QuietModules = 2;

    private readonly Lazy<(string Root, string Protection)> keys = new(() => ReadKeys(engine.Folder));

    /// <summary>The card id on record; null when none was issued.</summary>
    public static string? CardOf(JsonElement person) => person.Each("identifier").FirstOrDefault(i => i.Text("system") == HealthCard.System).Text("value");

    /// <summary>Puts a card id on the person's record; the same person always gets the same. Refuses 404, and 422 without a number to derive it from.</summary>
    public async Task IssueAsync(Caller caller, string patient, CancellationToken cancel)
    {
        if (!ResourceKey.IsLegalId(patient) || await records.ReadAsync(caller, new("Patient", patient), cancel) is not { IsDeleted: false } stored)
            throw RefusedException.Because(404, "not-found", "没有这个人，或您无权查看。");
        var person = JsonReading.Parse(stored);
        if (CardOf(person) is not null) return;
        var citizen = Number(person, CitizenId.System);
        if ((citizen ?? Number(person, RecordNumber.System)) is not { } number)
            throw RefusedException.Because(422, "required", "没有身份证号，也没有档案编号，不能发卡。");
        var type = citizen is null ? OtherCard : CitizenCard;
        var card = HealthCard.CardId(HealthCard.MasterIndex(type, number), type, number, keys.Value.Root);
        var body = JsonWriting.Edit(stored);
        ((JsonArray)body["identifier"]!).Add(new JsonObject { ["system"] = HealthCard.System, ["value"] = card });
        await records.CommitAsync(caller, [JsonWriting.Put(body, stored.Version)], new(Reason: "发放电子健康卡"), cancel);
    }

    /// <summary>The card id and, encrypted, until when the code may be read.</summary>
    public string Dynamic(string card) => $"{card}:{HealthCard.Validity(clock.GetUtcNow().Add(Lifetime).ToOffset(LocalTime.Offset), keys.Value.Protection)}";

    /// <summary>The card id in a scanned text; null when it is no card code, or one that has ended or was not made here.</summary>
    public (bool IsCode, string? Card) Read(string text)
    {
        var parts = text.Trim().ToUpperInvariant().Split(':');
        if (parts[0].Length is not CardIdLength || !parts[0].All(char.IsAsciiHexDigit)) return (false, null);
        if (parts.Length is 1) return (true, parts[0]);
        var until = parts.Length is 2 ? HealthCard.ReadValidity(parts[1], keys.Value.Protection, LocalTime.Offset) : null;
        var now = clock.GetUtcNow();
        return (true, until > now && until <= now + Lifetime ? parts[0] : null);
    }

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
