using System.Text.Json;
using System.Text.Json.Nodes;
using Hl7.Fhir.FhirPath;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;
using Hl7.FhirPath;
using Hl7.FhirPath.Expressions;
using Tongxin.Fhir.FhirPath;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Records.Search;
using SearchParameter = Tongxin.Kernel.Records.Search.SearchParameter;

namespace Tongxin.Kernel.Tests.Records.Search;

/// <summary>Our FHIRPath engine against the FHIR library's: the expression of every search parameter over the R4 examples, element by element, in order.</summary>
public sealed class PathDifferentialTests(ITestOutputHelper output)
{
    /// <summary>The library needs most of a millisecond for each resource; the largest examples repeat themselves.</summary>
    private const int LargestExample = 300_000;

    private static readonly FhirPathCompiler Compiler = new(new SymbolTable().AddStandardFP().AddFhirExtensions());
    private static readonly Dictionary<string, (CompiledExpression Theirs, FhirPathExpression Ours)> Compiled = new(StringComparer.Ordinal);

    [Fact]
    public void Every_search_parameter_finds_the_same_elements_in_the_same_order()
    {
        var (resources, evaluated, compared, parameters) = (0, 0L, 0L, new HashSet<string>(StringComparer.Ordinal));
        var differences = new List<string>();
        foreach (var (name, bytes) in R4Examples.All())
        {
            if (bytes.Length > LargestExample) continue;
            var reader = new Utf8JsonReader(bytes);
            if (!FhirJsonDeserializer.STRICT.TryDeserializeResource(ref reader, out var poco, out _) || poco is null) continue;
            using var document = JsonDocument.Parse(bytes);
            var node = poco.ToPocoNode();
            resources++;
            foreach (var parameter in SearchParameters.Of(poco.TypeName)!.Values.Where(p => p.Path is not null && p.Parts.Count is 0))
            {
                var (theirs, ours) = (Theirs(parameter, node), Ours(parameter, document.RootElement));
                evaluated++;
                compared += theirs.Count;
                if (theirs.Count > 0) parameters.Add(parameter.ToString());
                if (theirs.Count != ours.Count || theirs.Zip(ours).Any(p => !Same(p.First, p.Second)))
                    differences.Add($"{name} {parameter} {parameter.Path}: ours [{Shown(ours)}], the library's [{Shown(theirs)}]");
            }
        }

        output.WriteLine($"{resources} resources, {evaluated} evaluations, {compared} elements of {parameters.Count} parameters compared, {differences.Count} differences");
        Assert.True(differences.Count is 0, string.Join("\n", differences.Take(20)));
        Assert.True(resources > 4_000 && compared > 30_000, $"only {compared} elements of {resources} resources were compared");
    }

    // The library writes the Z of an instant as +00:00 (docs/clarifications.md).
    private static bool Same(JsonNode? theirs, JsonNode? ours) => JsonNode.DeepEquals(theirs, ours)
        || (ours is JsonValue value && value.TryGetValue<string>(out var text) && text.EndsWith('Z') && JsonNode.DeepEquals(theirs, text[..^1] + "+00:00"));

    private static (CompiledExpression Theirs, FhirPathExpression Ours) Of(string path) => Compiled.TryGetValue(path, out var known) ? known
        : Compiled[path] = (Compiler.Compile(path), FhirPathExpression.Compile(path));

    private static List<JsonNode?> Theirs(SearchParameter parameter, PocoNode resource) =>
        [.. Of(parameter.Path!).Theirs([resource], new FhirEvaluationContext { ElementResolver = Resolve }).Select(found => JsonNode.Parse(found.GetValue() switch
        {
            null => found.ToJson(false),
            bool or int or long or decimal => JsonSerializer.Serialize(found.GetValue()),
            var value => JsonSerializer.Serialize(value.ToString()),
        }))];

    private static List<JsonNode?> Ours(SearchParameter parameter, JsonElement resource) =>
        [.. Of(parameter.Path!).Ours.Evaluate(resource, new() { Model = FirelyModel.R4, Resolve = Resolved }).Select(found =>
            found.Json.ValueKind is JsonValueKind.Undefined ? JsonSerializer.SerializeToNode(found.Value) : JsonNode.Parse(found.Json.GetRawText()))];

    // Both resolve a reference to an empty resource of its type: what expressions ask of it is the type.
    private static PocoNode? Resolve(string reference) =>
        ReferenceText.Read(reference, []) is { Type: { } type } && ModelInfo.GetTypeForFhirType(type) is { } native
            ? ((Resource)Activator.CreateInstance(native)!).ToPocoNode()
            : null;

    private static JsonElement? Resolved(string reference) =>
        ReferenceText.Read(reference, []) is { Type: { } type } && ModelInfo.GetTypeForFhirType(type) is not null
            ? JsonSerializer.SerializeToElement(new { resourceType = type })
            : null;

    private static string Shown(List<JsonNode?> found)
    {
        var text = string.Join(", ", found.Select(f => f?.ToJsonString() ?? "null"));
        return text.Length > 300 ? text[..300] : text;
    }
}
