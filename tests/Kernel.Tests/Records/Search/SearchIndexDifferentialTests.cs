using System.Text.Json;
using Hl7.Fhir.FhirPath;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;
using Hl7.FhirPath;
using Hl7.FhirPath.Expressions;
using Tongxin.Kernel.Records.Search;
using SearchParameter = Tongxin.Kernel.Records.Search.SearchParameter;

namespace Tongxin.Kernel.Tests.Records.Search;

/// <summary>The one walk over the JSON against the FHIR library's FHIRPath engine: same values of every parameter in the R4 examples.</summary>
public sealed class SearchIndexDifferentialTests
{
    /// <summary>Larger examples repeat themselves, and the library needs most of a millisecond for each.</summary>
    private const int LargestExample = 60_000;

    /// <summary>Types whose examples are hundreds of near copies.</summary>
    private const int MostPerType = 30;

    private static readonly IndexValues Values = new(SearchIndex.ChinaStandardTime, _ => [], []);
    private static readonly FhirPathCompiler Compiler = new(new SymbolTable().AddStandardFP().AddFhirExtensions());
    private static readonly Dictionary<SearchParameter, CompiledExpression> Compiled = [];

    [Fact]
    public void Every_parameter_has_the_values_that_the_library_finds()
    {
        var perType = new Dictionary<string, int>();
        var differences = new List<string>();
        var compared = 0;
        foreach (var (name, bytes) in R4Examples.All())
        {
            if (bytes.Length > LargestExample) continue;
            var reader = new Utf8JsonReader(bytes);
            if (!FhirJsonDeserializer.STRICT.TryDeserializeResource(ref reader, out var poco, out _) || poco is null) continue;
            if ((perType[poco.TypeName] = perType.GetValueOrDefault(poco.TypeName) + 1) > MostPerType) continue;
            using var document = JsonDocument.Parse(bytes);
            var ours = Rows(new SearchIndex().Extract(document.RootElement)).ToLookup(r => r.Parameter, r => r.Row);
            foreach (var parameter in SearchParameters.Of(poco.TypeName)!.Values.Where(p => p.Path is not null && p.Parts.Count is 0))
            {
                var theirs = Library(parameter, poco);
                compared += theirs.Count;
                if (!theirs.SetEquals(ours[parameter]))
                    differences.Add($"{name} {parameter} {parameter.Path}: ours [{string.Join(", ", ours[parameter])}], the library's [{string.Join(", ", theirs)}]");
            }
        }

        Assert.True(differences.Count is 0, string.Join("\n", differences.Take(20)));
        Assert.True(compared > 10_000, $"only {compared} values were compared");
    }

    private static HashSet<string> Library(SearchParameter parameter, Resource resource)
    {
        if (!Compiled.TryGetValue(parameter, out var expression)) expression = Compiled[parameter] = Compiler.Compile(parameter.Path!);
        var rows = new IndexEntries();
        foreach (var node in expression([resource.ToPocoNode()], new FhirEvaluationContext { ElementResolver = Resolve }))
        {
            var json = node.GetValue() switch
            {
                null => node.ToJson(false),
                bool or int or long or decimal => JsonSerializer.Serialize(node.GetValue()),
                var value => JsonSerializer.Serialize(value.ToString()),
            };
            using var document = JsonDocument.Parse(json);
            Values.Add(parameter, node.Poco is Resource ? "Resource" : node.Poco.TypeName, document.RootElement, ImpliedSystem(node.Poco), null, rows);
        }

        return [.. Rows(rows).Select(r => r.Row)];
    }

    private static string? ImpliedSystem(Base element) =>
        element.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Code<>) ? (string?)type.GetProperty("System")!.GetValue(element) : null;

    private static PocoNode? Resolve(string reference) =>
        ReferenceText.Read(reference, []) is { Type: { } type } && ModelInfo.GetTypeForFhirType(type) is { } native
            ? ((Resource)Activator.CreateInstance(native)!).ToPocoNode()
            : null;

    private static IEnumerable<(SearchParameter Parameter, string Row)> Rows(IndexEntries rows) =>
    [
        .. rows.Tokens.Select(r => (r.Parameter, r.ToString())), .. rows.Strings.Select(r => (r.Parameter, r.ToString())),
        .. rows.Dates.Select(r => (r.Parameter, r.ToString())), .. rows.Quantities.Select(r => (r.Parameter, r.ToString())),
        .. rows.References.Select(r => (r.Parameter, r.ToString())), .. rows.Uris.Select(r => (r.Parameter, r.ToString())),
    ];
}
