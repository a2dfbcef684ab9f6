using System.Text.Json;
using CsCheck;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Tests.Programmes;

/// <summary>Random lives against an oracle that knows only the calendar: whatever happens in whatever order, what is owed is right to the day.</summary>
public sealed class HistoryTests
{
    private const int OrdinaryLives = 4_000;
    private static readonly DateOnly Start = new(2023, 11, 25);

    private static long Lives => long.TryParse(Environment.GetEnvironmentVariable("TONGXIN_LIVES"), out var lives) ? lives : OrdinaryLives;

    private enum Kind { Visit, Correct, Void, Die, Exit, Nothing }

    [Fact]
    public void No_open_task_for_the_dead_or_exited_no_duplicate_after_replay_and_windows_right_to_the_day() =>
        Gen.Select(Gen.Int[0, 60], Gen.Select(Gen.Int[0, 9], Gen.Int[1, 95], Gen.Int[0, 20]).List[1, 8]).Sample((first, steps) => new Life(first).Live(steps), iter: Lives);

    [Theory]
    [InlineData("2024-02-29", 5, "2024-05-29")]
    [InlineData("2023-11-30", 5, "2024-02-29")]
    [InlineData("2024-11-30", 5, "2025-02-28")]
    [InlineData("2024-02-15", 12, "2024-02-29")]
    [InlineData("2025-02-15", 12, "2025-03-01")]
    [InlineData("2024-12-31", 5, "2025-03-31")]
    public void The_next_visit_keeps_leap_years_and_month_ends(string visit, int score, string due)
    {
        var record = ToyProgramme.Person(new(1980, 1, 1)).With([ToyProgramme.Visit("v", DateOnly.Parse(visit), score)]);
        record = record.With(Reconciliation.Of(record, ToyProgramme.Set, DateOnly.Parse(visit), FirelyModel.R4));

        var task = Assert.Single(record.Of("Task").Select(ProgrammeTask.Of), t => t!.IsOpen);
        Assert.Equal(DateOnly.Parse(due), task!.Window.Due);
    }

    /// <summary>One person and what the oracle remembers of her: standing visits, death, exit.</summary>
    private sealed class Life(int first)
    {
        private readonly SortedDictionary<string, (DateOnly Date, int Score)> standing = new(StringComparer.Ordinal);
        private PersonRecord record = ToyProgramme.Person(new(1960, 2, 29));
        private DateOnly today = Start.AddDays(first);
        private bool isDead;

        /// <summary>When she left; only a visit later than that begins her care again.</summary>
        private DateOnly? left;

        private bool IsOver => isDead || (left is { } day && !standing.Values.Any(v => v.Date > day));

        public bool Live(List<(int, int, int)> steps)
        {
            foreach (var (kind, days, score) in steps)
            {
                today = today.AddDays(days);
                Step(kind switch { < 5 => Kind.Visit, 5 => Kind.Correct, 6 => Kind.Void, 7 => Kind.Nothing, 8 => Kind.Die, _ => Kind.Exit }, score);
                record = record.With(Reconciliation.Of(record, ToyProgramme.Set, today, FirelyModel.R4));
                if (Reconciliation.Of(record, ToyProgramme.Set, today, FirelyModel.R4).Count > 0) throw new InvalidOperationException("A replay changed something.");
                Check();
            }

            return true;
        }

        private void Step(Kind kind, int score)
        {
            var last = standing.Keys.LastOrDefault();
            switch (kind)
            {
                case Kind.Visit:
                    Write($"v{standing.Count:D3}-{today:yyyyMMdd}", today, score);
                    break;
                case Kind.Correct when last is not null:
                    Write(last, standing[last].Date, score);
                    break;
                case Kind.Void when last is not null:
                    record = record.With([ToyProgramme.Visit(last, standing[last].Date, standing[last].Score, "entered-in-error")]);
                    standing.Remove(last);
                    break;
                case Kind.Die:
                    record = record.With([JsonSerializer
                        .SerializeToElement(new { resourceType = "Patient", id = "p", birthDate = "1960-02-29", deceasedDateTime = $"{today:yyyy-MM-dd}" })]);
                    isDead = true;
                    break;
                case Kind.Exit when record.Of("EpisodeOfCare").FirstOrDefault(e =>
                    e.GetProperty("status").GetString() is "active") is { ValueKind: JsonValueKind.Object } episode:
                    record = record.With([Enrolments.Close(episode, today, "moved", "迁出")]);
                    left = today;
                    break;
            }
        }

        private void Write(string id, DateOnly date, int score)
        {
            record = record.With([ToyProgramme.Visit(id, date, score)]);
            standing[id] = (date, score);
        }

        private void Check()
        {
            var tasks = record.Of("Task").Select(t => ProgrammeTask.Of(t)!).ToList();
            var open = tasks.Where(t => t.IsOpen).ToList();
            if (IsOver && open.Count > 0) throw new InvalidOperationException("An open task for somebody who is dead or has left.");
            if (open.Count > 1) throw new InvalidOperationException("Two open tasks for one service.");
            if (standing.Count is 0 && open.Count > 0) throw new InvalidOperationException("An open task of a visit that was withdrawn.");
            if (IsOver || standing.Count is 0) return;

            var (date, score) = standing.Values.MaxBy(v => v.Date);
            var due = score >= 10 ? date.AddDays(14) : ThreeMonthsAfter(date);
            var early = due.AddDays(-14) <= date ? date.AddDays(1) : due.AddDays(-14);
            var wanted = (Start: early, Due: due, End: due.AddDays(score >= 10 ? 3 : 14));
            if (open is not [var task] || (task.Window.Start, task.Window.Due, task.Window.End) != wanted)
                throw new InvalidOperationException($"{date} {score}: wanted {wanted}, found {string.Join(", ", open.Select(t => t.Window))}");
        }

        private static DateOnly ThreeMonthsAfter(DateOnly day)
        {
            var (year, month) = day.Month > 9 ? (day.Year + 1, day.Month - 9) : (day.Year, day.Month + 3);
            return new(year, month, Math.Min(day.Day, DateTime.DaysInMonth(year, month)));
        }
    }
}
