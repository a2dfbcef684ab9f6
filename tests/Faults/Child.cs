namespace Tongxin.Faults;

/// <summary>The victim: opens a store and writes until it is killed. Says "ready" when the first commit was acknowledged.</summary>
internal static class Child
{
    /// <param name="args">Engine, place, history file, name of the run.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var store = await new Target(args[0], args[1]).OpenAsync();
        using var history = new History(args[2]);
        var load = new Load(store, history, args[3]);
        var running = load.RunAsync(CancellationToken.None);
        while (history.Count is 0 && load.Faults.Count is 0) await Task.Delay(5);
        Console.WriteLine("ready");
        await running;
        foreach (var fault in load.Faults) Console.Error.WriteLine(fault);
        return 1;
    }
}
