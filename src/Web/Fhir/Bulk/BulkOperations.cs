using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Web.Fhir.Bulk;

/// <summary><c>$export</c>, <c>$import</c>, and the status and files of what they began (FHIR Bulk Data Access 2.0 §3).</summary>
internal sealed class BulkOperations(BulkJobs jobs)
{
    private const string Definitions = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/", Own = "https://tongxin.health/fhir/OperationDefinition/";
    private const string NdJsonType = "application/fhir+ndjson";
    private const int MostMembers = 20_000, MostFiles = 1_000;

    public IReadOnlyList<Operation> All =>
    [
        new("$export", Definitions + "export", new HashSet<string> { "Patient", "Group" }, ChangesNothing: true)
        {
            Places = new HashSet<Place> { Place.SystemOperation, Place.TypeOperation, Place.InstanceOperation }, Answer = ExportAsync,
        },
        new("$import", Own + "import", new HashSet<string>(), ChangesNothing: false) { Places = new HashSet<Place> { Place.SystemOperation }, Answer = ImportAsync },
        new("$bulk-status", Own + "bulk-status", new HashSet<string>(), ChangesNothing: true)
        {
            Places = new HashSet<Place> { Place.SystemOperation }, Deletes = true, Answer = (_, call, _) => Task.FromResult(Status(call)),
        },
        new("$bulk-file", Own + "bulk-file", new HashSet<string>(), ChangesNothing: true)
        {
            Places = new HashSet<Place> { Place.SystemOperation }, Answer = (_, call, _) => Task.FromResult(FileOf(call)),
        },
    ];

    private async Task<Answer> ExportAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        var asked = BulkParameters.Read(call);
        var (place, type) = (call.Address.Place, call.Address.Type);
        if ((place is Place.InstanceOperation && type is not "Group") || (place is Place.TypeOperation && type is not "Patient"))
            throw RefusedException.Because(404, "not-supported", "$export is asked of the system, of Patient, or of one Group.");
        var people = place is Place.InstanceOperation ? await MembersAsync(server, call, cancel) : null;
        var ofPeople = place is not Place.SystemOperation;
        IReadOnlyList<string> all = ofPeople ? ["Patient", .. Compartments.Types("Patient").Where(t => t is not "Patient")] : AllTypes;
        if (asked.Types.FirstOrDefault(t => !all.Contains(t)) is { } foreign)
            throw RefusedException.Because(400, "value", $"'{BulkParameters.Short(foreign)}' is no type that can be exported here.", "_type");
        return Began(call, jobs.Take(id => new()
        {
            Id = id, Kind = BulkKind.Export, Caller = call.Caller, Request = AddressOf(call), At = server.Clock.GetUtcNow(),
            Parts = asked.Types.Count > 0 ? asked.Types : all, PartsWereNamed = asked.Types.Count > 0, Since = asked.Since, People = people, OfPeople = ofPeople,
        }));
    }

    private Task<Answer> ImportAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        BulkParameters.RequireAsync(call);
        if (call.Caller.Role is not Role.System || call.Caller.Scopes?.Contains("system/*.cruds") is false)
            throw RefusedException.Because(403, "forbidden", "Files are imported by the operator alone.");
        var names = BulkParameters.Files(call.Body);
        if (names.Count is 0 or > MostFiles) throw RefusedException.Because(400, "required", $"Name 1 to {MostFiles} files as input.url.", "Parameters.parameter");
        foreach (var name in names)
        {
            // One name of the inbox itself: no way leads out of it.
            if (name != Path.GetFileName(name) || !ImportUnit.IsImportable(name) || !File.Exists(Path.Combine(jobs.Inbox, name)))
                throw RefusedException.Because(400, "value", $"There is no .json, .ndjson or .gz file '{BulkParameters.Short(name)}' in the inbox.", "Parameters.parameter");
        }

        return Task.FromResult(Began(call, jobs.Take(id => new()
        {
            Id = id, Kind = BulkKind.Import, Caller = call.Caller, Request = AddressOf(call), At = server.Clock.GetUtcNow(), Parts = names,
        })));
    }

    private Answer Status(FhirCall call)
    {
        var job = Find(call);
        if (call.Method is "DELETE")
        {
            jobs.Drop(job);
            return new(202) { Body = FhirJson.Outcome([new(IssueSeverity.Information, "informational", "Stopped and forgotten.", null)]) };
        }

        return job.State switch
        {
            BulkState.Done => new(200) { Body = Manifest(call, job), MediaType = "application/json" },
            BulkState.Failed => Answer.Refusal(500, "exception", job.Why ?? "It failed."),
            _ => new(202) { Headers = [new("X-Progress", $"{BulkJobs.Progress(job)} resources, {job.PartsDone.Count} of {job.Parts.Count} parts"), new("Retry-After", "1")] },
        };
    }

    private Answer FileOf(FhirCall call)
    {
        var job = Find(call);
        var name = Value(call, "name");
        var path = jobs.PathOf(job, name);
        return path is not null && File.Exists(path)
            ? new(200) { File = path, MediaType = name.EndsWith(".csv", StringComparison.Ordinal) ? "text/csv; charset=utf-8" : NdJsonType }
            : throw RefusedException.Because(404, "not-found", "There is no such file.");
    }

    private BulkJob Find(FhirCall call) => jobs.Find(call.Caller, Value(call, "job")) ?? throw RefusedException.Because(404, "not-found", "There is no such export or import.");

    private static string Value(FhirCall call, string name) => call.Parameters.FirstOrDefault(p => p.Key == name).Value ?? "";

    private static Answer Began(FhirCall call, BulkJob job) => new(202) { Headers = [new("Content-Location", $"{call.Base}$bulk-status?job={job.Id}")] };

    private static string AddressOf(FhirCall call)
    {
        var address = call.Address;
        var path = string.Join('/', new[] { address.Type, address.Id, address.Name }.Where(p => p.Length > 0));
        return call.Base + path + (call.Query.Length > 0 ? "?" + call.Query : "");
    }

    private static byte[] Manifest(FhirCall call, BulkJob job)
    {
        JsonArray Written(IReadOnlyList<BulkFile> files) => [.. files.Select(f => (JsonNode)new JsonObject
        {
            ["type"] = f.Type, ["url"] = $"{call.Base}$bulk-file?job={job.Id}&name={Uri.EscapeDataString(f.Name)}", ["count"] = f.Count,
        })];
        var isExport = job.Kind is BulkKind.Export;
        var manifest = new JsonObject
        {
            ["transactionTime"] = job.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture),
            ["request"] = job.Request,
            ["requiresAccessToken"] = true,
            ["output"] = isExport ? Written(job.Files) : new JsonArray(),
            ["error"] = Written(job.Errors),
        };
        if (!isExport) manifest["imported"] = job.Files.Sum(f => f.Count);
        return JsonSerializer.SerializeToUtf8Bytes(manifest);
    }

    private static async Task<IReadOnlyList<string>> MembersAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        var found = await server.Record.ReadAsync(call.Caller, call.Address.Key, cancel);
        if (found is null or { IsDeleted: true }) throw Reading.NotThere(call.Address.Key);
        var members = BulkParameters.People(found.Body);
        return members.Count <= MostMembers ? members
            : throw RefusedException.Because(422, "too-costly", $"The Group has {members.Count} members; {MostMembers} can be exported at once.", "Group.member");
    }

    private static readonly IReadOnlyList<string> AllTypes = [.. FirelyModel.ResourceTypes.Order(StringComparer.Ordinal)];
}
