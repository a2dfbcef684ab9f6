using System.Net;
using System.Net.Sockets;
using System.Text;
using Tongxin.Kernel.People;
using Tongxin.Modules.Tests.SignIn;
using static Tongxin.Modules.Tests.People.Adt.AdtServer;

namespace Tongxin.Modules.Tests.People.Adt;

/// <summary>ADT over MLLP: found by code, registered as at the counter, never twice, merged by A40, and acknowledged with the place of what is wrong.</summary>
public sealed class TakeAdtTests
{
    private static readonly string Number = CitizenId.Make("990101", new(1965, 7, 15), 382).Value;
    private static readonly string Other = CitizenId.Make("990101", new(1970, 1, 2), 383).Value;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Codes(string mrn, string? number = null) => $"{mrn}^^^HOSP^MR" + (number is null ? "" : $"~{number}^^^&{CitizenId.System["urn:oid:".Length..]}&ISO^NI");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_person_is_registered_updated_and_merged_and_nothing_is_done_twice(bool postgres)
    {
        await using var server = await StartAsync(postgres);
        var registered = await SendAsync(server, Message("A28", "1", Pid(Codes("M1", Number), "欧阳^桂兰"), "ZZZ|what nobody knows|^^^", "NK1|1|李^四"));
        Assert.Equal(["MSA|AA|1"], registered.Where(s => s.StartsWith("MSA", StringComparison.Ordinal)).Select(s => string.Join('|', s.Split('|')[..3])));
        Assert.StartsWith("MSH|^~\\&|TONGXIN|COUNTY|HIS|HOSP|", registered[0], StringComparison.Ordinal);
        Assert.Contains("|ACK^A28^ACK|", registered[0], StringComparison.Ordinal);

        Assert.Equal(registered[1], (await SendAsync(server, Message("A28", "1", Pid(Codes("M1", Number), "欧阳^桂兰"), "ZZZ|what nobody knows|^^^", "NK1|1|李^四")))[1]);
        Assert.StartsWith("MSA|AE|1", (await SendAsync(server, Message("A28", "1", Pid(Codes("M9"), "别人"))))[1], StringComparison.Ordinal);
        var woman = Assert.Single(await PeopleAsync(server));
        Assert.Equal("欧阳桂兰", (string?)woman["name"]![0]!["text"]);
        Assert.Equal("Organization/town-a", (string?)woman["managingOrganization"]!["reference"]);

        var update = Message("A08", "2", Pid(Codes("M1"), "欧阳^桂兰", phone: "13900005678", address: "\"\""));
        Assert.StartsWith("MSA|AA|2", (await SendAsync(server, update))[1], StringComparison.Ordinal);
        woman = Assert.Single(await PeopleAsync(server));
        Assert.Equal("13900005678", (string?)woman["telecom"]![0]!["value"]);
        Assert.Null(woman["address"]);
        // Says nothing new: no version is written.
        Assert.StartsWith("MSA|AA|3", (await SendAsync(server, Message("A31", "3", Pid(Codes("M1", Number), "欧阳^桂兰", phone: "", address: ""))))[1], StringComparison.Ordinal);
        Assert.Equal((string?)woman["meta"]!["versionId"], (string?)Assert.Single(await PeopleAsync(server))["meta"]!["versionId"]);

        // Without a number and almost the same: registered, and to be looked at.
        Assert.Contains("possible duplicates", (await SendAsync(server, Message("A04", "4", Pid(Codes("M2"), "欧阳^桂蓝"), "PV1|1|O")))[1], StringComparison.Ordinal);
        Assert.Single((await server.Records.SearchAsync(TestServer.Operator, "Linkage", "", Cancel)).Matches);
        Assert.Equal(2, (await PeopleAsync(server)).Count);

        Assert.StartsWith("MSA|AA|5", (await SendAsync(server, Message("A40", "5", Pid(Codes("M1"), "欧阳^桂兰"), $"MRG|{Codes("M2")}")))[1], StringComparison.Ordinal);
        var kept = Assert.Single(await PeopleAsync(server, "active:not=false"));
        Assert.Contains("M2", kept["identifier"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.StartsWith("MSA|AA|6", (await SendAsync(server, Message("A40", "6", Pid(Codes("M1"), "欧阳^桂兰"), $"MRG|{Codes("M2")}")))[1], StringComparison.Ordinal);
        // The old code leads to the survivor.
        Assert.StartsWith("MSA|AA|7", (await SendAsync(server, Message("A01", "7", Pid(Codes("M2"), "欧阳^桂兰", phone: "13900009999"), "PV1|1|I")))[1], StringComparison.Ordinal);
        Assert.Equal("13900009999", (string?)Assert.Single(await PeopleAsync(server, "active:not=false"))["telecom"]![0]!["value"]);
    }

    [Fact]
    public async Task What_is_wrong_is_answered_with_its_place_and_nothing_is_written()
    {
        await using var server = await StartAsync();
        var wrong = Number[..17] + (Number[17] is '1' ? '2' : '1');
        (string Code, string Says, string Message)[] bad =
        [
            ("AE", "ERR||PID^1^3^2|102^", Message("A28", "b1", Pid(Codes("M1", wrong), "王^五"))),
            ("AE", "ERR||PID^1^5|101^", Message("A28", "b2", Pid(Codes("M1"), ""))),
            ("AE", "ERR||PID^1^3|101^", Message("A28", "b3", Pid("", "王^五"))),
            ("AE", "ERR||PID^1^7|102^", Message("A28", "b4", Pid(Codes("M1"), "王^五", birth: "19650732"))),
            ("AE", "ERR||PID^1|100^", Message("A28", "b5")),
            ("AE", "ERR||MRG^1|100^", Message("A40", "b6", Pid(Codes("M1"), "王^五"))),
            ("AE", "ERR||PID^1^3|204^", Message("A40", "b7", Pid(Codes("M1"), "王^五"), $"MRG|{Codes("M2")}")),
            ("AR", "ERR||MSH^1^9^2|201^", Message("A02", "b8", Pid(Codes("M1"), "王^五"))),
            ("AR", "ERR||MSH^1^9^1|200^", Message("A28", "b9").Replace("ADT^A28", "ORU^R01", StringComparison.Ordinal)),
            ("AR", "ERR||MSH^1^12|203^", Message("A28", "b10").Replace("|P|2.5|", "|P|3.0|", StringComparison.Ordinal)),
            ("AR", "ERR||MSH^1^11|202^", Message("A28", "b11").Replace("|P|2.5|", "|T|2.5|", StringComparison.Ordinal)),
            ("AR", "ERR||MSH^1^10|101^", Message("A28", "")),
            ("AR", "ERR||MSH^1|100^", "hello\r"),
        ];
        foreach (var (code, says, message) in bad)
        {
            var answer = await SendAsync(server, message);
            Assert.StartsWith($"MSA|{code}|", answer[1], StringComparison.Ordinal);
            Assert.StartsWith(says, answer[2], StringComparison.Ordinal);
        }

        // A version before 2.5 knows ERR-1 only.
        var old = await SendAsync(server, Message("A28", "b12", Pid(Codes("M1"), "")).Replace("|P|2.5|", "|P|2.4|", StringComparison.Ordinal));
        Assert.StartsWith("ERR|PID^1^5^101&", old[2], StringComparison.Ordinal);
        Assert.Empty(await PeopleAsync(server));
    }

    [Fact]
    public async Task A_code_of_somebody_else_is_never_bound_to_this_person()
    {
        await using var server = await StartAsync();
        await SendAsync(server, Message("A28", "1", Pid(Codes("M1", Number), "欧阳^桂兰")));
        await SendAsync(server, Message("A28", "2", Pid(Codes("M2", Other), "王^大力", "19700102", "M")));

        foreach (var (id, pid) in new[]
        {
            ("3", Pid(Codes("M1", Other), "欧阳^桂兰")), ("4", Pid(Codes("M1"), "赵^六")),
            ("5", Pid(Codes("M1", CitizenId.Make("990101", new(1965, 7, 15), 384).Value), "欧阳^桂兰")),
        })
            Assert.StartsWith($"MSA|AE|{id}", (await SendAsync(server, Message("A08", id, pid)))[1], StringComparison.Ordinal);
        // Two people under one set of codes: somebody is to look.
        Assert.Single((await server.Records.SearchAsync(TestServer.Operator, "Linkage", "", Cancel)).Matches);
        Assert.Equal(2, (await PeopleAsync(server)).Count);
    }

    [Fact]
    public async Task Whom_another_place_cares_for_is_told_of_no_more_than_registration_may()
    {
        await using var server = await StartAsync();
        await server.PutAsync(Places.Patient("f1", "village-c1", "欧阳", Number).Replace("\"urn:x\"", $"\"{CitizenId.System}\"", StringComparison.Ordinal));

        var answer = await SendAsync(server, Message("A28", "1", Pid(Codes("M1", Number), "欧阳^桂兰")));

        Assert.StartsWith("MSA|AE|1", answer[1], StringComparison.Ordinal);
        Assert.StartsWith("ERR||PID^1^3|205^", answer[2], StringComparison.Ordinal);
        Assert.DoesNotContain("village-c1", string.Join(' ', answer), StringComparison.Ordinal);
        Assert.StartsWith("MSA|AE|2", (await SendAsync(server, Message("A40", "2", Pid($"{Number}^^^^NI", "欧阳^桂兰"), $"MRG|{Codes("M1")}")))[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_may_only_read_writes_nothing()
    {
        await using var server = await StartAsync(scopes: "system/Patient.rs");

        Assert.StartsWith("MSA|AE|1", (await SendAsync(server, Message("A28", "1", Pid(Codes("M1", Number), "欧阳^桂兰"))))[1], StringComparison.Ordinal);
        Assert.Empty(await PeopleAsync(server));
    }

    [Fact]
    public async Task A_stranger_is_hung_up_on_and_a_torn_message_leaves_nothing()
    {
        await using (var closed = await StartAsync(peers: "10.9.9.9/32"))
        {
            using var stranger = new TcpClient();
            await stranger.ConnectAsync(IPAddress.Loopback, Port(closed), Cancel);
            Assert.Equal(0, await stranger.GetStream().ReadAsync(new byte[1], Cancel));
        }

        await using var server = await StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Port(server), Cancel);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes("\u000B" + Message("A28", "1", Pid(Codes("M1", Number), "欧阳^桂兰"))[..^20]), Cancel);
        // Begun anew on the same line: the torn one is dropped, the whole one is taken.
        Assert.StartsWith("MSA|AA|2", (await SendAsync(stream, Message("A28", "2", Pid(Codes("M2"), "王^五")), Encoding.UTF8))[1], StringComparison.Ordinal);
        Assert.Equal("王五", (string?)Assert.Single(await PeopleAsync(server))["name"]![0]!["text"]);
    }

    [Fact]
    public async Task A_message_in_the_national_character_set_is_answered_in_it()
    {
        await using var server = await StartAsync();
        var national = CodePagesEncodingProvider.Instance.GetEncoding("GB18030")!;
        var message = Message("A28", "1", Pid(Codes("M1"), "")).Replace("UNICODE UTF-8", "GB 18030-2000", StringComparison.Ordinal);

        Assert.StartsWith("MSA|AE|1", (await SendAsync(server, message, national))[1], StringComparison.Ordinal);
        var taken = Message("A28", "2", Pid(Codes("M1"), "欧阳^𠮷兰")).Replace("UNICODE UTF-8", "GB 18030-2000", StringComparison.Ordinal);
        Assert.EndsWith("|GB 18030-2000", (await SendAsync(server, taken, national))[0], StringComparison.Ordinal);
        Assert.Equal("欧阳𠮷兰", (string?)Assert.Single(await PeopleAsync(server))["name"]![0]!["text"]);
    }
}
