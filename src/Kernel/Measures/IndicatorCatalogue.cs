using System.Security.Cryptography;
using System.Text;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Measures;

/// <summary>All indicators that stand, by id: the <c>definitions/measures/*.sql</c> of the modules.</summary>
public sealed class IndicatorCatalogue
{
    private readonly Dictionary<string, Indicator> byId;

    /// <summary>Throws <see cref="RefusedException"/> (422) when two have one id.</summary>
    public IndicatorCatalogue(IReadOnlyList<Indicator> indicators)
    {
        All = [.. indicators.OrderBy(i => i.Headline ?? int.MaxValue)];
        byId = new(StringComparer.Ordinal);
        foreach (var indicator in indicators)
            if (!byId.TryAdd(indicator.Id, indicator))
                throw RefusedException.Because(422, "duplicate", $"Two indicators are called '{indicator.Id}': in {byId[indicator.Id].Module} and {indicator.Module}.");
        var all = string.Join('\n', indicators.OrderBy(i => i.Id, StringComparer.Ordinal).Select(i => $"{i.Id} {i.Edition} {i.Sql}"));
        Fingerprint = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(all)));
    }

    public IReadOnlyList<Indicator> All { get; }

    /// <summary>Changes when any definition does: then everybody is asked again.</summary>
    public string Fingerprint { get; }

    /// <summary>Null when there is none of that id.</summary>
    public Indicator? Find(string id) => byId.GetValueOrDefault(id);

    /// <summary>Reads the folders of the modules: <c>FOLDER/NAME/definitions/measures/*.sql</c>.</summary>
    public static IndicatorCatalogue Load(string folder)
    {
        if (!Directory.Exists(folder)) return new([]);
        return new([.. from module in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)
                       let measures = Path.Combine(module, "definitions", "measures")
                       where Directory.Exists(measures)
                       from file in Directory.EnumerateFiles(measures, "*.sql").Order(StringComparer.Ordinal)
                       select IndicatorFile.Parse(Path.GetFileName(module), Path.GetFileName(file), File.ReadAllText(file))]);
    }
}
