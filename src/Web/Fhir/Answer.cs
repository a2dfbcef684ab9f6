using Tongxin.Fhir;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Fhir;

/// <summary>What an interaction answers: becomes an HTTP response, or <c>entry.response</c> of a bundle.</summary>
internal sealed record Answer(int Status)
{
    /// <summary>Version that ETag and Last-Modified speak of; null for none.</summary>
    public Stored? Version { get; init; }

    /// <summary>Where the result is, without the server's address: <c>Patient/1/_history/2</c>; null for none.</summary>
    public string? Location { get; init; }

    /// <summary>FHIR JSON, sent as it is; empty for none.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Path of a file that is sent as the body; null when <see cref="Body"/> is.</summary>
    public string? File { get; init; }

    /// <summary>Writes a body that goes on until the caller leaves; null when <see cref="Body"/> is it.</summary>
    public Func<System.IO.Pipelines.PipeWriter, CancellationToken, Task>? Stream { get; init; }

    /// <summary>Further headers, such as Allow and Retry-After.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Other than FHIR JSON only for files of an export.</summary>
    public string MediaType { get; init; } = FhirJson.MediaType;

    public static Answer Of(Stored stored) => new(200) { Version = stored, Body = stored.Body };

    public static Answer Refusal(RefusedException refused) => new(refused.Status)
    {
        Body = FhirJson.Outcome(refused.Issues),
        // Ten seconds: long enough for a burst to pass, short enough for a person to wait.
        Headers = refused.Status is 503 or 429 ? [new("Retry-After", "10")] : [],
    };

    public static Answer Refusal(int status, string code, string diagnostics) =>
        Refusal(RefusedException.Because(status, code, diagnostics));
}
