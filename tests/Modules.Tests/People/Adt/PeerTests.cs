using System.Diagnostics;
using Tongxin.Kernel.People;
using static Tongxin.Modules.Tests.People.Adt.AdtServer;

namespace Tongxin.Modules.Tests.People.Adt;

/// <summary>A peer that nobody here wrote: Debian's python3-hl7 sends with its own client and reads the answer with its own parser.</summary>
public sealed class PeerTests
{
    private const string Python = "/usr/bin/python3";

    private const string Script = """
        import sys, hl7
        from hl7.client import MLLPClient
        port, path = int(sys.argv[1]), sys.argv[2]
        messages = [m for m in open(path, encoding='utf-8', newline='').read().split('\n') if m]
        with MLLPClient('127.0.0.1', port) as client:
            for message in messages:
                answer = hl7.parse(client.send_message(hl7.parse(message)).decode('utf-8').strip('\x0b\x1c\r'))
                errors = '' if len(answer) < 3 else str(answer.segment('ERR')[3])
                print(str(answer.segment('MSA')[1]), str(answer.segment('MSA')[2]), errors.split('^')[0])
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_client_of_python3_hl7_registers_updates_repeats_and_merges()
    {
        Assert.SkipWhen(await RunAsync("-c", "import hl7") is not (0, _), "No python3-hl7 on this machine: apt-get install python3-hl7.");
        await using var server = await StartAsync();
        var number = CitizenId.Make("990101", new(1965, 7, 15), 382).Value;
        string[] messages =
        [
            Message("A28", "1", Pid($"M1^^^HOSP^MR~{number}^^^^NI", "欧阳^桂兰")), Message("A28", "1", Pid($"M1^^^HOSP^MR~{number}^^^^NI", "欧阳^桂兰")),
            Message("A04", "2", Pid("M2^^^HOSP^MR", "王^五"), "PV1|1|O"), Message("A08", "3", Pid("M2^^^HOSP^MR", "王^五", phone: "13900005678")),
            Message("A31", "4", Pid("M2^^^HOSP^MR", "赵^六")), Message("A40", "5", Pid("M1^^^HOSP^MR", "欧阳^桂兰"), "MRG|M2^^^HOSP^MR"),
            Message("A02", "6", Pid("M1^^^HOSP^MR", "欧阳^桂兰")),
        ];
        var folder = Directory.CreateTempSubdirectory("tongxin-peer-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "peer.py"), Script, Cancel);
            await File.WriteAllTextAsync(Path.Combine(folder, "messages"), string.Join('\n', messages), Cancel);

            var (code, said) = await RunAsync(Path.Combine(folder, "peer.py"), $"{Port(server)}", Path.Combine(folder, "messages"));

            Assert.True(code is 0, said);
            Assert.Equal(["AA 1", "AA 1", "AA 2", "AA 3", "AE 4 205", "AA 5", "AR 6 201"], said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Trim()));
            Assert.Single(await PeopleAsync(server, "active:not=false"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        if (!File.Exists(Python)) return (-1, "");
        using var process = Process.Start(new ProcessStartInfo(Python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync(Cancel);
        var said = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, said + await errors);
    }
}
