using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.People.Rolls;

/// <summary>What the pages of rolls do with what was posted: the file, how its columns are to be understood, the look, the import, its end.</summary>
internal static class RollSteps
{
    public const string Rolls = "/registration/roll";

    /// <summary>A file and the form around it.</summary>
    public const long LargestPost = RollSheet.LargestFile + (64 << 10);

    private const string Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Rolls + "/{id}/refused", Refused).ForCarers();

    /// <summary>Keeps the file that was sent. Refuses 422, 413 and 429 with a sentence for whoever sent it.</summary>
    public static async Task<RollJob> TakeAsync(Caller caller, IFormCollection form, RollDesk desk, CancellationToken cancel)
    {
        if (form.Files.GetFile("file") is not { Length: > 0 } file) throw RefusedException.Because(422, "required", "请选择一个文件。");
        if (file.Length > RollSheet.LargestFile) throw RefusedException.Because(413, "too-long", $"文件超过 {RollSheet.LargestFile >> 20} MB，请分成几个文件。");
        var bytes = new byte[file.Length];
        await using (var stream = file.OpenReadStream()) await stream.ReadExactlyAsync(bytes, cancel);
        return desk.Take(caller, Path.GetFileName(file.FileName), bytes, form["clinic"].ToString());
    }

    /// <summary>One step with a roll; null when it is forgotten now. Refuses 409 what is under way and 422 columns that cannot be read.</summary>
    public static RollJob? Step(RollJob job, IFormCollection form, RollDesk desk)
    {
        switch (form["step"].ToString())
        {
            case "head":
                return desk.Change(job, j => j with { Columns = RollColumns.At(j.Top, Head(form)), State = RollState.Sent, Counts = null });
            case "look":
                return desk.Change(job, j => j with { Columns = Told(j, form), Clinic = form["clinic"].ToString(), State = RollState.Waiting, IsDryRun = true, Counts = null });
            case "import":
                return desk.Change(job, j => j.Counts is null && j.State is not RollState.Failed ? throw RefusedException.Because(409, "conflict", "请先试运行一次。")
                    : j with { State = RollState.Waiting, IsDryRun = false });
            case "again":
                return desk.Change(job, j => j with { State = RollState.Sent, Counts = null, Why = null });
            case "drop":
                desk.Drop(job);
                return null;
            default:
                throw RefusedException.Because(422, "value", "没有这一步。");
        }
    }

    // Each column says what it holds; two that say the same are refused, since one of them would be lost.
    private static RollColumns Told(RollJob job, IFormCollection form)
    {
        var map = new Dictionary<RollField, int>();
        for (var c = 0; c < RollSheet.MostColumns; c++)
            if (Enum.TryParse<RollField>(form[$"column-{c}"], out var field) && Enum.IsDefined(field) && !map.TryAdd(field, c))
                throw RefusedException.Because(422, "duplicate", $"第 {map[field] + 1} 列和第 {c + 1} 列选成了同一项。");
        var columns = job.Columns with { Map = map };
        return columns.Fault is { } fault ? throw RefusedException.Because(422, "structure", fault) : columns;
    }

    private static int Head(IFormCollection form) => int.TryParse(form["head"], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var line) ? line : 0;

    private static IResult Refused(string id, RollDesk desk, Caller caller, HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        return desk.Find(caller, id) is { } job && desk.RefusedRows(job) is { } path
            ? Results.File(path, Workbook, $"{Path.GetFileNameWithoutExtension(job.FileName)}-退回.xlsx") : Results.NotFound();
    }
}
