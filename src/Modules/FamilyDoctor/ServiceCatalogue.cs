using System.Collections.Frozen;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>One service that a family-doctor team gives (服务项目): what it costs, who may give it, what proves that it was given.</summary>
/// <param name="Price">Price of one unit in yuan, by which work is paid (购买式服务).</param>
/// <param name="OnMenu">A resident may order it beyond the packages (点单).</param>
/// <param name="Evidence">Null when only a person can say that it was given.</param>
public sealed record ServiceItem(string Id, string Title, string TitleInEnglish, string Unit, decimal Price, string Qualification, bool OnMenu, EvidenceRule? Evidence);

/// <summary>What in the record proves that a service was given: a filled form, a reading, or a kind of visit.</summary>
/// <param name="Forms">Ids of questionnaires, one of which was completed.</param>
/// <param name="Readings">LOINC codes of final observations.</param>
/// <param name="Visits">Codes of <c>Encounter.class</c> of finished visits.</param>
public sealed record EvidenceRule(IReadOnlySet<string> Forms, IReadOnlySet<string> Readings, IReadOnlySet<string> Visits)
{
    public bool IsMetBy(Evidence evidence) => evidence.Codes.Overlaps(evidence.Reference[..evidence.Reference.IndexOf('/', StringComparison.Ordinal)] switch
    {
        "QuestionnaireResponse" => Forms,
        "Observation" => Readings,
        _ => Visits,
    });
}

/// <summary>A package (服务包): items with their number per contract year, and who pays.</summary>
/// <param name="Groups">Codes of the key groups it is for; empty when it is for everybody.</param>
/// <param name="Fee">Yuan per person and year; the sum of <paramref name="Payers"/>.</param>
public sealed record ServicePackage(string Id, string Title, string TitleInEnglish, IReadOnlySet<string> Groups, decimal Fee,
    IReadOnlyDictionary<string, decimal> Payers, IReadOnlyDictionary<string, int> Items)
{
    public bool IsFor(IReadOnlySet<string> groups) => Groups.Count is 0 || Groups.Overlaps(groups);
}

/// <summary>Items and packages as one edition of the county's list has them (国卫基层发〔2022〕10号; prices are the county's). A contract keeps its edition.</summary>
public sealed record ServiceEdition(string Id, DateOnly From, string Citation, IReadOnlyList<ServiceItem> Items, IReadOnlyList<ServicePackage> Packages)
{
    private readonly FrozenDictionary<string, ServiceItem> byId = Items.ToFrozenDictionary(i => i.Id, StringComparer.Ordinal);

    /// <summary>Null when this edition has no such item.</summary>
    public ServiceItem? Item(string id) => byId.GetValueOrDefault(id);
}

/// <summary>All editions of the service list; an event is judged by the one valid on its date.</summary>
public sealed class ServiceCatalogue(IReadOnlyList<ServiceEdition> editions)
{
    private readonly ServiceEdition[] editions = [.. editions.OrderBy(e => e.From)];

    /// <summary>The edition valid on a day; the first one before its time.</summary>
    public ServiceEdition On(DateOnly day) => editions.LastOrDefault(e => e.From <= day) ?? editions[0];

    /// <summary>What an item is called; its id when no edition has it any more.</summary>
    public string Title(string item, bool inEnglish, DateOnly day) =>
        (On(day).Item(item) ?? editions.Select(e => e.Item(item)).LastOrDefault(i => i is not null)) is { } found ? inEnglish ? found.TitleInEnglish : found.Title : item;

    /// <summary>The edition a contract was signed under; the one of today when it is gone.</summary>
    public ServiceEdition Of(string edition, DateOnly day) => Array.Find(editions, e => e.Id == edition) ?? On(day);
}
