using System.Text.Json.Serialization;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.Fhir.Bulk;

/// <summary>A bulk export or import that was asked for: what, by whom, and how far it is. Kept as <c>job.json</c> in a folder of its own.</summary>
/// <remarks>FHIR Bulk Data Access 2.0 (export); the import takes files of the server's inbox. Types that are done are not done again after a restart.</remarks>
internal sealed record BulkJob
{
    public required string Id { get; init; }
    public required BulkKind Kind { get; init; }

    /// <summary>Who asked; the job sees and may what this caller sees and may.</summary>
    public required Caller Caller { get; init; }

    /// <summary>Address that was asked, for the manifest.</summary>
    public required string Request { get; init; }

    /// <summary>Time of the request; what is changed later may or may not be in the files.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Types to export, or names of files to import.</summary>
    public required IReadOnlyList<string> Parts { get; init; }

    /// <summary>True when the caller named the types: then one that it may not see is told as an error.</summary>
    public bool PartsWereNamed { get; init; }

    /// <summary>Only what was changed since; null for everything.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Ids of the Patients to export; null for everybody.</summary>
    public IReadOnlyList<string>? People { get; init; }

    /// <summary>Only what belongs to a person (export of all Patients).</summary>
    public bool OfPeople { get; init; }

    public BulkState State { get; init; } = BulkState.Waiting;
    public DateTimeOffset? Ended { get; init; }

    /// <summary>Why it failed; null while it did not.</summary>
    public string? Why { get; init; }

    public IReadOnlyList<string> PartsDone { get; init; } = [];
    public IReadOnlyList<BulkFile> Files { get; init; } = [];
    public IReadOnlyList<BulkFile> Errors { get; init; } = [];

    [JsonIgnore]
    public bool IsOver => State is BulkState.Done or BulkState.Failed;

    /// <summary>Whether this caller is the one who asked, with the same rights.</summary>
    public bool IsOf(Caller caller) => caller.Subject == Caller.Subject && caller.Role == Caller.Role && caller.Organisation == Caller.Organisation
        && caller.Patient == Caller.Patient && (caller.Scopes ?? []).ToHashSet(StringComparer.Ordinal).SetEquals(Caller.Scopes ?? [])
        && caller.Scopes is null == Caller.Scopes is null;
}

internal enum BulkKind { Export, Import }

internal enum BulkState { Waiting, Running, Done, Failed }

/// <summary>One NDJSON file of a job.</summary>
/// <param name="Type">Resource type within.</param>
/// <param name="Name">File name within the job's folder.</param>
internal sealed record BulkFile(string Type, string Name, long Count);

[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(BulkJob))]
internal sealed partial class BulkJobJson : JsonSerializerContext;
