using System.Globalization;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records.Search;
using Tongxin.Web.Fhir.Measures;

namespace Tongxin.Web.Fhir;

/// <summary>Table of contents of the FHIR API: which interaction each method at each place is. Knows nothing of HTTP connections.</summary>
/// <remarks>Throws <see cref="RefusedException"/>; whoever asked turns that into an OperationOutcome.</remarks>
internal sealed class FhirServer(RecordAccess record, SearchQuery queries, Operations operations, ShippedMeasures measures, TimeProvider clock)
{
    private static readonly Capabilities capabilities = new();

    public RecordAccess Record => record;
    public SearchQuery Queries => queries;
    public TimeProvider Clock => clock;
    public ShippedMeasures Measures => measures;

    public Task<Answer> AnswerAsync(FhirCall call, CancellationToken cancel) => (call.Address.Place, call.Method) switch
    {
        (Place.Instance, "GET" or "HEAD") => Reading.ReadAsync(this, call, cancel),
        (Place.Version, "GET" or "HEAD") => Reading.ReadVersionAsync(this, call, cancel),
        (Place.Type, "POST") => Writing.CreateAsync(this, call, cancel),
        (Place.Instance, "PUT") => Writing.UpdateAsync(this, call, cancel),
        (Place.Instance, "DELETE") => Writing.DeleteAsync(this, call, cancel),
        (Place.Instance, "PATCH") => Patching.PatchAsync(this, call, cancel),
        (Place.Type, "PUT") => Writing.UpdateWhereAsync(this, call, cancel),
        (Place.Type, "DELETE") => Writing.DeleteWhereAsync(this, call, cancel),
        (Place.Type, "PATCH") => Patching.PatchWhereAsync(this, call, cancel),

        (Place.Type or Place.Compartment or Place.System, "GET" or "HEAD") => Searching.SearchAsync(this, call, cancel),
        (Place.TypeSearch or Place.CompartmentSearch or Place.SystemSearch, "GET" or "HEAD" or "POST") => Searching.SearchAsync(this, call, cancel),
        (Place.InstanceHistory or Place.TypeHistory or Place.SystemHistory, "GET" or "HEAD") => Histories.HistoryAsync(this, call, cancel),

        (Place.System, "POST") => Bundles.ProcessAsync(this, call, cancel),
        (Place.Metadata, "GET" or "HEAD") => Task.FromResult(capabilities.Answer(call, operations)),
        (Place.SystemOperation or Place.TypeOperation or Place.InstanceOperation, _) => operations.AnswerAsync(this, call, cancel),
        _ => Task.FromResult(NotAllowed(call)),
    };

    private static Answer NotAllowed(FhirCall call)
    {
        var allowed = call.Address.Place switch
        {
            Place.System => "GET, POST",
            Place.Type => "GET, POST, PUT, PATCH, DELETE",
            Place.Instance => "GET, PUT, PATCH, DELETE",
            Place.TypeSearch or Place.CompartmentSearch or Place.SystemSearch => "GET, POST",
            _ => "GET",
        };
        return Answer.Refusal(405, "not-supported", $"{call.Method} is not possible here; {allowed} is.") with { Headers = [new("Allow", allowed)] };
    }

    /// <summary>Weak ETags only, as FHIR has them: <c>W/"3"</c>. A strong one is taken for the same. Null for no header or <c>*</c>.</summary>
    public static long? VersionOf(string? header, string name)
    {
        if (string.IsNullOrEmpty(header) || header is "*") return null;
        var text = header.AsSpan().Trim();
        if (text.StartsWith("W/", StringComparison.Ordinal)) text = text[2..];
        return long.TryParse(text.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw RefusedException.Because(400, "value", $"{name} is written W/\"3\" with the version's number.", $"http.{name.ToLowerInvariant()}");
    }
}
