using Tongxin.Kernel.Measures;

namespace Tongxin.Host.Shell;

/// <summary>A frozen period as a sheet to take away: what was reported, what stands now, who changed. Shows nothing that the screen does not.</summary>
internal sealed class FrozenSheet(FrozenView view, Words words)
{
    public IReadOnlyList<SheetTable> Tables()
    {
        var report = view.Lines[0].Report;
        List<SheetTable> tables =
        [
            new(words["frozen.title"],
                [words["cockpit.indicator"], words["frozen.then"], words["cockpit.denominator"], words["cockpit.rate"],
                    words["frozen.now"], words["frozen.now-denominator"], words["frozen.now-rate"], words["cockpit.edition"]],
                [.. view.Lines.Select(l => new object?[]
                {
                    Title(l), l.Then?.Numerator, l.Then?.Denominator, l.Then?.Rate, l.Now?.Numerator, l.Now?.Denominator, l.Now?.Rate, l.Report.Edition,
                })]),
        ];
        if (view is { Chosen: { } chosen, Restated.People: { Count: > 0 } people })
            tables.Add(new(words["frozen.restatement"],
                [words["cockpit.alias"], words["frozen.kind"], words["frozen.why"], words["cockpit.evidence"], words["cockpit.indicator"]],
                [.. people.Select(p => new object?[] { p.Alias, words[$"frozen.kind.{p.Kind}"], view.Why(p, words), p.Evidence, Title(chosen) })]));
        tables.Add(new(words["cockpit.how"], [words["cockpit.how"], ""],
        [
            [words["cockpit.place"], view.PlaceName], [words["frozen.period"], FrozenView.PeriodName(report.End, words)], [words["frozen.signed-by"], report.SignedBy],
            [words["frozen.signed-at"], FrozenView.Time(report.SignedAt)], [words["frozen.note"], report.Note], [words["cockpit.fresh"], FrozenView.Day(view.Today)],
        ]));
        return tables;
    }

    private string Title(FrozenLine line) => line.Indicator is { } indicator ? words.IsChinese ? indicator.Title : indicator.TitleInEnglish : line.Report.Indicator;
}
