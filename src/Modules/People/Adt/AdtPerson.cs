using System.Globalization;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.People;
using Tongxin.Web.Components;

namespace Tongxin.Modules.People.Adt;

/// <summary>Whom a PID segment tells of, as the form of the counter and the codes of the sender.</summary>
/// <param name="Form">The identity number stands in it where the segment proves one.</param>
/// <param name="Codes">Further codes: hospital card, medical insurance, health card. Systems are object identifiers where the sender gives them.</param>
/// <param name="Died">Null: the segment does not say so. Else the day as far as it is known, or empty.</param>
internal sealed record AdtPerson(RegistrationForm Form, IReadOnlyList<(string System, string Value)> Codes, string? Died, bool IsPhoneTakenAway, bool IsAddressTakenAway)
{
    private const int MostCodes = 20;
    private const int LongestCode = 100;
    private const string NotTold = "消息未给出";
    private const string Unnamed = "https://tongxin.health/id/hl7/";
    private static readonly string[] CitizenTypes = ["NNCHN", "NI", "NNxxx", "SS"];
    private static readonly string CitizenOid = CitizenId.System["urn:oid:".Length..];

    /// <summary>All codes by which she may be on record, the identity number first.</summary>
    public IEnumerable<(string System, string Value)> Numbers =>
        CitizenId.TryParse(Form.Number, out var citizen) ? Codes.Prepend((CitizenId.System, citizen.Value)) : Codes;

    /// <summary>Refuses 422 with the place of what is wrong.</summary>
    public static AdtPerson Read(Hl7Segment pid, Hl7Segment header, string organisation, DateOnly today)
    {
        var (number, codes) = Identifiers(pid, header, today);
        if (number.Length is 0 && codes.Count is 0) throw RefusedException.Because(422, "required", "PID-3 holds no identifier.", "PID^1^3");
        var name = Name(pid);
        if (name.Length is 0) throw RefusedException.Because(422, "required", "PID-5 holds no name.", "PID^1^5");
        var form = new RegistrationForm
        {
            Name = name, Number = number, NoNumber = number.Length is 0 ? NotTold : "", Sex = Sex(pid[8]), Birth = Birth(pid[7]), Phone = Phone(pid),
            Address = Address(pid), Clinic = organisation,
        };
        return new(form, codes, pid[30] is "Y" ? Birth(pid[29]) : null, pid.IsTakenAway(13), pid.IsTakenAway(11));
    }

    /// <summary>The codes of a field of type CX, such as MRG-1. Refuses 422 an identity number that is none.</summary>
    public static IReadOnlyList<(string System, string Value)> Read(Hl7Segment segment, int field, Hl7Segment header, DateOnly today)
    {
        var found = new List<(string, string)>();
        var repeat = 0;
        foreach (var value in segment.Repeats(field))
        {
            var place = $"{segment.Name}^1^{field}^{++repeat}";
            if (value[1] is not { Length: > 0 } code) continue;
            if (code.Length > LongestCode || repeat > MostCodes)
                throw RefusedException.Because(422, "too-long", $"At most {MostCodes} identifiers of {LongestCode} characters are taken.", place);
            if (IsCitizenNumber(value)) found.Add((CitizenId.System, Citizen(code, place, today)));
            else found.Add((System(value, header), code));
        }

        return found;
    }

    private static (string Number, IReadOnlyList<(string, string)> Codes) Identifiers(Hl7Segment pid, Hl7Segment header, DateOnly today)
    {
        var all = Read(pid, 3, header, today).Distinct().ToList();
        // PID-19 was made for social security numbers; senders in China write the identity number there.
        if (pid[19] is { Length: 15 or 18 } told && CitizenId.TryParse(told, out var also) && !all.Any(c => c.System == CitizenId.System)) all.Add((CitizenId.System, also.Value));
        var citizens = all.Where(c => c.System == CitizenId.System).ToList();
        if (citizens.Count > 1) throw RefusedException.Because(422, "duplicate", "PID-3 holds two different identity numbers.", "PID^1^3");
        return (citizens is [var one] ? one.Value : "", [.. all.Except(citizens)]);
    }

    private static bool IsCitizenNumber(Hl7Value cx) => cx[4, 2] == CitizenOid || CitizenTypes.Contains(cx[5], StringComparer.Ordinal);

    private static string Citizen(string text, string place, DateOnly today)
    {
        if (CitizenId.Fault(text, today) is { } fault) throw RefusedException.Because(422, "value", fault, place);
        return CitizenId.TryParse(text, out var id) ? id.Value : throw RefusedException.Because(422, "value", "身份证号不对。", place);
    }

    // CX-4 is namespace & universal id & type. Without a universal id a namespace is the sender's own word, and without one the sender's facility is meant.
    private static string System(Hl7Value cx, Hl7Segment header)
    {
        if (cx[4, 2] is { Length: > 0 } universal)
            return cx[4, 3] is "URI" || universal.Contains(':', StringComparison.Ordinal) ? universal : $"urn:oid:{universal}";
        var facility = header[4] is { Length: > 0 } named ? named : header[3];
        return Unnamed + string.Join('/', new[] { facility, cx[4, 1], cx[5] }.Where(p => p.Length > 0).Select(Uri.EscapeDataString));
    }

    // The legal name of several. A Chinese name is written in one piece whichever way it was cut.
    private static string Name(Hl7Segment pid)
    {
        var names = pid.Repeats(5).ToList();
        if ((names.FirstOrDefault(n => n[7] is "L") ?? names.FirstOrDefault()) is not { } name) return "";
        var (family, given, second) = (name[1], name[2], name[3]);
        return (family + given).Any(c => c > '\u2E7F') ? family + given + second : string.Join(' ', new[] { given, second, family }.Where(p => p.Length > 0));
    }

    private static string Sex(string code) => code switch { "M" => "male", "F" => "female", "U" or "O" or "A" or "N" => "unknown", _ => "" };

    private static string Birth(string time) => time.Length >= 8 && time.AsSpan(0, 8).IndexOfAnyExceptInRange('0', '9') < 0 ? time[..8] : time;

    private static string Phone(Hl7Segment pid)
    {
        foreach (var told in pid.Repeats(13).Concat(pid.Repeats(14)))
        {
            if (told[3] is "Internet" or "X.400" || told[2] is "NET") continue;
            var number = told[12] is { Length: > 0 } whole ? whole : told[7] is { Length: > 0 } local ? told[6] + local : told[1];
            if (number.Length > 0) return number.StartsWith("+86", StringComparison.Ordinal) ? number[3..] : number;
        }

        return "";
    }

    private static string Address(Hl7Segment pid) =>
        pid.Repeats(11).FirstOrDefault() is { } a ? string.Concat(a[4], a[9], a[3], a[1], a[2]) : "";

    /// <summary>Codes as identifiers of a Patient.</summary>
    public IReadOnlyList<JsonObject> Identifiers() =>
        [.. Codes.Select(c => new JsonObject { ["system"] = c.System, ["value"] = c.Value })];

    /// <summary>How a field of the form is called in the segment.</summary>
    public static string PlaceOf(string? field) => field switch
    {
        "name" => "PID^1^5", "number" => "PID^1^3", "birth" => "PID^1^7", "sex" => "PID^1^8", "address" => "PID^1^11", "phone" => "PID^1^13", _ => "PID^1",
    };

    /// <summary>The day of death as FHIR has it; null when only that she died is known.</summary>
    public string? DayOfDeath => Died is { Length: 8 } day && DateOnly.TryParseExact(day, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var known)
        ? JsonWriting.Day(known) : null;
}
