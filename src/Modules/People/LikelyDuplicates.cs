using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People.Matching;
using Tongxin.Kernel.Terminology;
using Tongxin.Web.Components;
using Attribute = Tongxin.Kernel.People.Matching.Attribute;

namespace Tongxin.Modules.People;

/// <summary>Who on record may be the person at hand: by number, by name, by pinyin, by telephone, by birthday and sex; each scored attribute by attribute.</summary>
/// <remarks>Looks only among those whom the caller reaches, so what it shows is never more than she could find herself.</remarks>
public sealed class LikelyDuplicates(RecordAccess records, Pinyin pinyin)
{
    /// <summary>Candidates of one question. A question with more is too common to tell anything by itself; <see cref="Suspects.IsCut"/> says so.</summary>
    private const int MostCandidates = 100;

    /// <summary>Best first. The person herself, by id, is left out.</summary>
    public async Task<Suspects> HandleAsync(Caller caller, JsonElement person, CancellationToken cancel)
    {
        var record = PatientReading.Record(person, pinyin);
        var found = new Dictionary<string, Suspect>(StringComparer.Ordinal);
        var isCut = false;
        foreach (var query in Questions(person, record))
        {
            var page = await records.SearchAsync(caller, "Patient", $"{query}&active:not=false&_count={MostCandidates}", cancel);
            isCut |= page.Next is not null;
            foreach (var stored in page.Matches)
            {
                if (stored.Key.Id == record.Id || found.ContainsKey(stored.Key.Id)) continue;
                var other = JsonReading.Parse(stored);
                var score = PairScore.Of(record, PatientReading.Record(other, pinyin));
                found[stored.Key.Id] = new(other, stored, score);
            }
        }

        return new([.. found.Values.Where(s => s.Score.Decision is not MatchDecision.Strangers).OrderByDescending(s => s.Score.Probability)], isCut);
    }

    private static IEnumerable<string> Questions(JsonElement person, MatchRecord record)
    {
        // A household number is shared by its members.
        if (Numbers(person).ToList() is { Count: > 0 } numbers) yield return $"identifier={string.Join(',', numbers)}";
        // Whoever is written alike sounds alike, so the sound asks for both.
        if ((record.Sound ?? record[Attribute.Name]) is { } name) yield return $"name={Escape(name)}";
        if (PatientReading.Value(person, Attribute.Phone) is { } phone) yield return $"phone={Escape(phone)}";
        if (person.Text("birthDate") is { Length: 10 } birth && person.Text("gender") is { } gender) yield return $"birthdate={birth}&gender={gender}";
    }

    private static IEnumerable<string> Numbers(JsonElement person) =>
        from identifier in person.Each("identifier")
        where identifier.Text("value") is not null && identifier.Text("system") != ResidentCodes.HouseholdNumber
        select $"{Escape(identifier.Text("system"))}|{Escape(identifier.Text("value"))}";

    private static string Escape(string? text) => Uri.EscapeDataString(text ?? "");
}

/// <summary>One who may be the same person, and why.</summary>
public sealed record Suspect(JsonElement Person, Kernel.Records.Stored Stored, PairScore Score);

/// <summary>Those who may be the same person.</summary>
/// <param name="IsCut">True: a question had more answers than were looked at; a further attribute would tell more.</param>
public sealed record Suspects(IReadOnlyList<Suspect> Found, bool IsCut);
