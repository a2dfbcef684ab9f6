using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Forms;

/// <summary>The form as the page's script reads it. Written member by member: reflection would be slow and large in the browser.</summary>
internal static class SheetJson
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>{"title", "canonical", "days": [earlier visits], "items": […], "strange": […]}</c>.</summary>
    public static string Whole(Sheet sheet) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("title", sheet.Filling.Form.Title);
        json.WriteString("canonical", sheet.Filling.Form.Canonical);
        json.WriteStartArray("days");
        foreach (var day in sheet.Earlier.Days) json.WriteStringValue(day.ToString("yyyy-MM-dd", null));
        json.WriteEndArray();
        Items(json, sheet, sheet.Filling.Items);
        Issues(json, "strange", sheet.Strange);
        json.WriteEndObject();
    });

    public static string Changes(IReadOnlyList<(FilledItem Item, Shown Look)> changes) => Write(json =>
    {
        json.WriteStartArray();
        foreach (var (item, look) in changes)
        {
            json.WriteStartObject();
            json.WriteString("n", item.Name);
            Look(json, item, look);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    public static string Decision(FollowUpDecision decision) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("isRefused", decision.IsRefused);
        json.WriteString("next", decision.Next?.ToString("yyyy-MM-dd", null));
        Issues(json, "issues", decision.Issues);
        json.WriteStartArray("verdicts");
        foreach (var verdict in decision.Verdicts.Where(v => v.Class is not null || v.Alerts.Count > 0)) Verdict(json, verdict);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    public static string Refused(RefusedException refused) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("refused", refused.Message);
        json.WriteEndObject();
    });

    private static void Items(Utf8JsonWriter json, Sheet sheet, IReadOnlyList<FilledItem> items)
    {
        json.WriteStartArray("items");
        for (var n = 0; n < items.Count; n++) Item(json, sheet, items[n], n > 0 && FormRow.IsTargetOf(items[n].Item, items[n - 1].Item));
        json.WriteEndArray();
    }

    private static void Item(Utf8JsonWriter json, Sheet sheet, FilledItem filled, bool isTarget)
    {
        var item = filled.Item;
        json.WriteStartObject();
        if (isTarget) json.WriteBoolean("target", true);
        if (FormRow.IsOneRow(item)) json.WriteString("row", FormRow.SameUnit(item) ? "/" : "，");
        if (FormRow.IsDecided(item)) json.WriteBoolean("decided", true);
        if (filled.Row > 0) json.WriteNumber("at", filled.Row);
        if (sheet.IsFresh && FormRow.IsCarried(filled)) json.WriteBoolean("known", true);
        if (item.IsQuestion)
        {
            json.WriteStartArray("was");
            for (var day = 0; day < sheet.Earlier.Days.Count; day++) json.WriteStringValue(sheet.Earlier.Said(filled, day));
            json.WriteEndArray();
        }

        json.WriteString("n", filled.Name);
        json.WriteString("link", item.LinkId);
        json.WriteString("type", item.Type.ToString());
        json.WriteString("t", item.Text);
        if (item.TextInEnglish is { } english) json.WriteString("en", english);
        if (item.Required) json.WriteBoolean("required", true);
        if (item.Repeats) json.WriteBoolean("repeats", true);
        if (item.ReadOnly) json.WriteBoolean("readOnly", true);
        if (item.UnitText is { } unit) json.WriteString("unit", unit);
        if (item.MaxLength is { } most) json.WriteNumber("most", most);
        Look(json, filled, Shown.Of(filled));
        if (item.Choices.Count > 0)
        {
            json.WriteStartArray("choices");
            foreach (var choice in item.Choices)
            {
                json.WriteStartArray();
                json.WriteStringValue(FormFields.Show(choice.Answer));
                json.WriteStringValue(choice.Display);
                json.WriteEndArray();
            }

            json.WriteEndArray();
        }

        if (filled.Children.Count > 0) Items(json, sheet, filled.Children);
        json.WriteEndObject();
    }

    private static void Look(Utf8JsonWriter json, FilledItem item, Shown look)
    {
        json.WriteBoolean("on", look.IsAsked);
        json.WriteStartArray("v");
        foreach (var answer in item.Answers) json.WriteStringValue(FormFields.Show(answer));
        json.WriteEndArray();
    }

    private static void Issues(Utf8JsonWriter json, string name, IEnumerable<Issue> issues)
    {
        json.WriteStartArray(name);
        foreach (var issue in issues)
        {
            json.WriteStartObject();
            json.WriteString("n", issue.Expression);
            json.WriteBoolean("isError", issue.IsError);
            json.WriteString("text", issue.Diagnostics);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Verdict(Utf8JsonWriter json, Verdict verdict)
    {
        json.WriteStartObject();
        json.WriteString("title", verdict.Title);
        json.WriteString("class", verdict.ClassText);
        json.WriteString("tone", verdict.Tone);
        json.WriteString("reason", verdict.Reason);
        json.WriteString("action", verdict.Action);
        json.WriteString("referral", verdict.Referral switch { Referral.Urgent => "urgent", Referral.Proposed => "proposed", _ => null });
        json.WriteString("next", verdict.Next?.ToString("yyyy-MM-dd", null));
        json.WriteString("clause", verdict.Clause);
        json.WriteString("norm", verdict.Citation);
        json.WriteString("edition", verdict.Edition);
        json.WriteStartArray("alerts");
        foreach (var alert in verdict.Alerts) json.WriteStringValue($"{alert.Reason} {alert.Action}");
        json.WriteEndArray();
        json.WriteStartArray("inputs");
        foreach (var input in verdict.Inputs)
        {
            json.WriteStartArray();
            json.WriteStringValue(input.Title);
            json.WriteStringValue($"{input.Text} {input.Unit}");
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Write(Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Readable)) write(json);
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}
