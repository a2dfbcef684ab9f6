using System.Collections.Frozen;
using Tongxin.Fhir;

namespace Tongxin.Web.Fhir;

/// <summary>One operation of FHIR's extended operations framework (FHIR R4 §3.2) that this server answers.</summary>
/// <param name="Name">With its dollar sign: <c>$everything</c>.</param>
/// <param name="Definition">Canonical of its OperationDefinition.</param>
/// <param name="Types">Resource types it may be asked on; empty for all.</param>
/// <param name="ChangesNothing">True when GET may ask it.</param>
internal sealed record Operation(string Name, string Definition, IReadOnlySet<string> Types, bool ChangesNothing)
{
    public required IReadOnlySet<Place> Places { get; init; }

    /// <summary>What the CapabilityStatement tells of it beyond its definition; null when the definition says all.</summary>
    public string? Says { get; init; }

    /// <summary>True when DELETE may ask it.</summary>
    public bool Deletes { get; init; }

    public required Func<FhirServer, FhirCall, CancellationToken, Task<Answer>> Answer { get; init; }
}

/// <summary>All operations of the server; the CapabilityStatement lists them from here.</summary>
internal sealed class Operations(IEnumerable<Operation> all, IEnumerable<CapabilityNote> notes)
{
    private readonly FrozenDictionary<string, string> notes = notes.ToFrozenDictionary(n => n.Type, n => n.Says, StringComparer.Ordinal);

    private readonly FrozenDictionary<string, Operation> byName = all.ToFrozenDictionary(o => o.Name, StringComparer.Ordinal);

    public IEnumerable<Operation> All => byName.Values.OrderBy(o => o.Name, StringComparer.Ordinal);

    /// <summary>What is to be said of a type in words; null for nothing.</summary>
    public string? NoteOf(string type) => notes.GetValueOrDefault(type);

    public Task<Answer> AnswerAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        var address = call.Address;
        if (!byName.TryGetValue(address.Name, out var operation) || !operation.Places.Contains(address.Place)
            || (address.Type.Length > 0 && operation.Types.Count > 0 && !operation.Types.Contains(address.Type)))
            throw RefusedException.Because(404, "not-supported", $"There is no operation '{(address.Name.Length > 64 ? address.Name[..64] : address.Name)}' here.");
        if (call.Method is not "POST" && !(operation.ChangesNothing && call.Method is "GET" or "HEAD") && !(operation.Deletes && call.Method is "DELETE"))
        {
            var allowed = operation.ChangesNothing ? "GET, POST" : "POST";
            return Task.FromResult(Fhir.Answer.Refusal(405, "not-supported", $"{operation.Name} is asked by {allowed}.") with { Headers = [new("Allow", allowed)] });
        }

        return operation.Answer(server, call, cancel);
    }
}
