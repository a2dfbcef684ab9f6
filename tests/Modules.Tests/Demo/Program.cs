using System.Diagnostics;

namespace Tongxin.Modules.Tests.Demo;

/// <summary>The real executable, as somebody starts it at a terminal.</summary>
internal sealed class Program : IDisposable
{
    private static readonly string Executable = Path.Combine(AppContext.BaseDirectory, "tongxin.dll");
    private readonly Process process;
    private readonly Task<string> said, complained;

    private Program(Process process)
    {
        this.process = process;
        (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
    }

    public static Program Start(IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Executable, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>Runs to the end.</summary>
    public static async Task<Ended> RunAsync(params string[] arguments)
    {
        using var program = Start(null, arguments);
        return await program.EndAsync();
    }

    public async Task<Ended> EndAsync()
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new(process.ExitCode, await said, (await complained).Trim());
    }

    /// <summary>As power cuts and the out-of-memory killer do: without a word.</summary>
    public void Kill() => process.Kill(entireProcessTree: true);

    public bool HasEnded => process.HasExited;

    public void Dispose()
    {
        if (!process.HasExited) Kill();
        process.Dispose();
    }
}

/// <summary>How a program ended and what it wrote.</summary>
internal sealed record Ended(int Code, string Said, string Complained)
{
    /// <summary>Refused in one sentence, without a trace of the machinery.</summary>
    public void RefusedWith(params string[] words)
    {
        Assert.True(Code is not 0, $"It ended with 0 and said: {Said}");
        Assert.Single(Complained.Split('\n'));
        Assert.DoesNotContain("   at ", Complained, StringComparison.Ordinal);
        foreach (var word in words) Assert.Contains(word, Complained, StringComparison.Ordinal);
    }

    public void Succeeded() => Assert.True(Code is 0, $"It ended with {Code}: {Complained}");
}
