using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Fhir.Validation;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Tests.Records;

/// <summary>The examples of R4, spoilt by structure and by byte: refused with a reason or kept as they came, nothing else.</summary>
/// <remarks>TONGXIN_FUZZ sets the number of inputs, TONGXIN_SEED repeats a run; both are printed.</remarks>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Inputs = 200_000;

    /// <summary>Larger examples spend the budget on bytes instead of on ideas.</summary>
    private const int LargestExample = 12_000;

    // What one input may allocate on its way through the gate, validation and extraction.
    private const long AllocatedAtMost = 4 * 1024 * 1024;
    private const long AllocatedPerByte = 100;

    private static readonly Validator Validator = ResourceValidation.Create();
    private static readonly SearchIndex Index = new();

    [Fact]
    public void Spoilt_resources_are_refused_or_kept_byte_for_byte()
    {
        var seed = Number("TONGXIN_SEED") ?? Random.Shared.Next();
        var inputs = Number("TONGXIN_FUZZ") ?? Inputs;
        output.WriteLine($"seed {seed}, {inputs} inputs");
        var random = new Random(seed);
        var mutation = new Mutation(random);
        var examples = R4Examples.All().Where(e => e.Bytes.Length < LargestExample).Select(e => e.Bytes).ToList();
        // What is built once per type is not what an input costs.
        foreach (var example in examples) Pass(example);
        var (accepted, refused) = (0, 0);
        for (var i = 0; i < inputs; i++)
        {
            var example = examples[random.Next(examples.Count)];
            var body = i % 2 is 0 ? mutation.Bytewise(example) : mutation.Structural(example);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                if (Pass(body)) accepted++;
                else refused++;
            }
            catch (Exception wrong) when (wrong is not RefusedException)
            {
                Assert.Fail($"seed {seed}, input {i}: {wrong}\n{Encoding.UTF8.GetString(body)}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < AllocatedAtMost + (AllocatedPerByte * body.Length), $"seed {seed}, input {i}: {body.Length} bytes made {allocated} bytes of garbage");
        }

        output.WriteLine($"accepted {accepted}, refused {refused}");
        Assert.True(accepted > inputs / 50 && refused > inputs / 5, $"seed {seed}: accepted {accepted}, refused {refused} of {inputs}: the fuzzer has lost its bite");
    }

    private static bool Pass(byte[] body)
    {
        ParsedBody read;
        try
        {
            read = BodyReader.Read(body);
        }
        catch (RefusedException refusal)
        {
            Assert.InRange(refusal.Status, 400, 499);
            Assert.NotEmpty(refusal.Issues);
            return false;
        }

        using (read)
        {
            var issues = Validator.Validate(read.Root);
            Index.Extract(read.Root);
            using var again = BodyReader.Read(read.Body.Splice("x1", 7, DateTimeOffset.UnixEpoch));
            Assert.Equal(Kept(read.Root), Kept(again.Root));
            return issues.Count is 0;
        }
    }

    /// <summary>Raw text of every member that is not the server's.</summary>
    private static List<string> Kept(JsonElement root)
    {
        var kept = new List<string>();
        foreach (var member in root.EnumerateObject())
        {
            if (member.Name is "resourceType" or "id") continue;
            if (member.Name is not "meta") kept.Add(Raw(member));
            else
                kept.InsertRange(0, member.Value.EnumerateObject().Where(m => m.Name is not ("versionId" or "lastUpdated")).Select(m => "meta." + Raw(m)));
        }

        return kept;
    }

    private static string Raw(JsonProperty member) => Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8PropertyName(member)) + ":" + member.Value.GetRawText();

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
