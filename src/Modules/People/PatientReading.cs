using System.Text.Json;
using Tongxin.Kernel.People;
using Tongxin.Kernel.People.Matching;
using Tongxin.Kernel.Terminology;
using Tongxin.Web.Components;
using Attribute = Tongxin.Kernel.People.Matching.Attribute;

namespace Tongxin.Modules.People;

/// <summary>A Patient as the matcher sees it.</summary>
internal static class PatientReading
{
    /// <summary>As written; family and given together when there is no text. Empty when the person has no name.</summary>
    public static string Name(JsonElement person)
    {
        var name = person.Each("name").OrderBy(n => n.Text("use") is "official" ? 0 : 1).FirstOrDefault();
        return name.Text("text") ?? name.Text("family") + string.Concat(name.Each("given").Select(g => g.GetString()));
    }

    public static MatchRecord Record(JsonElement person, Pinyin pinyin) => MatchRecord.Of(person.Text("id") ?? "", attribute => Value(person, attribute), pinyin);

    /// <summary>Null when the record does not say.</summary>
    public static string? Value(JsonElement person, Attribute attribute) => attribute switch
    {
        Attribute.Name => Name(person) is { Length: > 0 } name ? name : null,
        Attribute.Sex => person.Text("gender"),
        Attribute.BirthDate => person.Text("birthDate"),
        Attribute.Phone => person.Each("telecom").FirstOrDefault(t => t.Text("system") is "phone").Text("value"),
        Attribute.Identifier => person.Each("identifier").FirstOrDefault(i => i.Text("system") == CitizenId.System).Text("value"),
        Attribute.Street => person.First("address")?.Text("text") ?? Line(person),
        _ => null,
    };

    private static string? Line(JsonElement person) =>
        person.First("address") is { } address ? string.Concat(address.Each("line").Select(l => l.GetString())) is { Length: > 0 } line ? line : null : null;
}
