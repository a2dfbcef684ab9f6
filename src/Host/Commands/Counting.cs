using Spectre.Console;

namespace Tongxin.Host.Commands;

/// <summary>Shows how far long work is when its end is not known: a spinner and a count on a terminal, nothing in a file.</summary>
internal static class Counting
{
    public static Task<T> ShownAsync<T>(string doing, Func<IProgress<long>, Task<T>> work) =>
        AnsiConsole.Status().StartAsync($"{doing} …", context =>
            work(new Shown(count => context.Status = $"{doing} … {count:N0} resources")));

    private sealed class Shown(Action<long> show) : IProgress<long>
    {
        public void Report(long value) => show(value);
    }
}
