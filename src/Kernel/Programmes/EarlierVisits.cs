using System.Globalization;
using Tongxin.Fhir.Questionnaires;

namespace Tongxin.Kernel.Programmes;

/// <summary>What the last visits answered to the questions of a form, shown beside them: newest day first. Pure; the same in the browser.</summary>
/// <remarks>Forms filled on one day stand in one column, as a combined form asks them together.</remarks>
public sealed class EarlierVisits
{
    public const int MostDays = 2;

    private readonly List<IGrouping<DateOnly, Visit>> days;

    private EarlierVisits(List<IGrouping<DateOnly, Visit>> days) => this.days = days;

    public static EarlierVisits None { get; } = new([]);

    /// <summary>At most <see cref="MostDays"/>; fewer when there were fewer.</summary>
    public IReadOnlyList<DateOnly> Days => [.. days.Select(d => d.Key)];

    /// <param name="except">Id of the response that is being corrected; null for a new visit.</param>
    public static EarlierVisits Of(PersonRecord record, Form form, string? except = null)
    {
        var asked = Visit.FormsOf(form.Url);
        return new([.. record.Of("QuestionnaireResponse").Select(Visit.Of).OfType<Visit>().Where(v => v.Id != except && v.Forms.Any(asked.Contains))
            .GroupBy(v => v.Date).OrderByDescending(g => g.Key).Take(MostDays)]);
    }

    /// <summary>The answer in words; empty when it was not answered on that day.</summary>
    /// <param name="day">Place in <see cref="Days"/>.</param>
    public string Said(FilledItem filled, int day)
    {
        if (!filled.Item.IsQuestion) return "";
        var answers = days[day].Select(v => v.Answers(filled.Item.LinkId)).FirstOrDefault(a => a.Count > 0) ?? [];
        // In a table of rows every row has one answer to the same question.
        if (!filled.Item.Repeats && filled.Parent is { Item.Repeats: true } row) answers = [.. answers.Skip(row.Row).Take(1)];
        return string.Join('、', answers.Select(a => Words(filled.Item, a)));
    }

    private static string Words(FormItem item, Answer answer)
    {
        foreach (var choice in item.Choices)
            if (choice.Answer.Same(answer) || (choice.Answer.Code == answer.Code && IsBareCode(answer))) return choice.Display;
        if (answer.Number is { } number) return number.ToString("0.####", CultureInfo.InvariantCulture);
        return answer.Type switch { "Boolean" => answer.ToString() is "true" ? "✓" : "✗", "Attachment" or "Reference" => "✓", _ => answer.ToString() };
    }

    // Records that came from elsewhere name the code of a choice without its system; within one question it can mean only that choice.
    private static bool IsBareCode(Answer answer) => answer is { Type: "Coding", Code: not null } && answer.Value.Text("system") is null;
}
