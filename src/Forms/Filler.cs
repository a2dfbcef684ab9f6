using System.Globalization;
using System.Runtime.InteropServices.JavaScript;
using System.Runtime.Versioning;
using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Fhir.Model;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Forms;

/// <summary>What the page's script calls: one form for one person, filled in the browser by the code that the server runs. JSON in, JSON out.</summary>
/// <remarks>Holds one filling at a time and nothing else; storage, network and screen are the script's. A refusal comes back as <c>{"refused": "…"}</c>.</remarks>
[SupportedOSPlatform("browser")]
internal static partial class Filler
{
    private static IFhirModel model = ModelTable.Read(default);
    private static ProgrammeSet programmes = ProgrammeSet.Empty;
    private static Sheet? sheet;

    private static void Main() { }

    /// <summary>The table of FHIR's types, as the server sends it.</summary>
    [JSExport]
    internal static void Prepare(string table) => model = ModelTable.Read(Parse(table));

    /// <summary>A programme's files: <c>{"name", "files": {path: text}}</c>. The same edition again replaces itself.</summary>
    [JSExport]
    internal static string Install(string package) => Told(() =>
    {
        var given = Parse(package);
        var files = given.GetProperty("files").EnumerateObject().ToDictionary(f => f.Name, f => f.Value.GetString()!, StringComparer.Ordinal);
        programmes = programmes.With(PackageReader.Read(new(given.GetProperty("name").GetString()!, files)));
        return "{}";
    });

    /// <summary>Opens a form: what is known is filled in, then the draft's answers over it. Gives the form as the script shows it.</summary>
    /// <param name="person"><c>{"patient", "resources"}</c>.</param>
    /// <param name="draft">A QuestionnaireResponse; empty for a new form.</param>
    [JSExport]
    internal static string Open(string person, string formId, string today, string author, string draft) => Told(() =>
    {
        var given = Parse(person);
        var day = DateOnly.ParseExact(today, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        var form = programmes.Form(formId, day) ?? throw RefusedException.Because(404, "not-found", $"没有表单“{formId}”。");
        var record = PersonRecord.Of(given.GetProperty("patient"), given.GetProperty("resources").EnumerateArray());
        sheet = Sheet.Open(record, programmes, form, new(model, day, author), draft.Length > 0 ? Parse(draft) : null);
        return SheetJson.Whole(sheet);
    });

    /// <summary>Answers one field and gives what changed with it: <c>[{"n", "on", "v"}]</c>; a changed structure gives the whole form.</summary>
    [JSExport]
    internal static string Change(string name, string values) => Told(() =>
        sheet is null ? "[]" : SheetJson.Changes(sheet.Change(name, Parse(values).EnumerateArray().Select(v => v.GetString() ?? ""))));

    /// <summary>A further row of a repeating group. Gives the whole form.</summary>
    [JSExport]
    internal static string AddRow(string linkId) => Told(() =>
    {
        sheet!.AddRow(linkId);
        return SheetJson.Whole(sheet);
    });

    /// <summary>What the answers mean so far: verdicts, warnings and refusals. Not on the way of a keystroke.</summary>
    [JSExport]
    internal static string Judge() => Told(() => SheetJson.Decision(sheet!.Judge()));

    /// <summary>The answers as a QuestionnaireResponse: the draft, and what is sent.</summary>
    [JSExport]
    internal static string Response() => sheet is null ? "" : sheet.Filling.ToResponse().GetRawText();

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private static string Told(Func<string> make)
    {
        try
        {
            return make();
        }
        catch (RefusedException refused)
        {
            return SheetJson.Refused(refused);
        }
    }
}
