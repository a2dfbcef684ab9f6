using System.Diagnostics;
using System.Text.Json;
using Tongxin.Fhir.FhirPath;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Fhir.Tests.FhirPath;

/// <summary>Expressions that would take all time, memory or stack end in a sentence instead.</summary>
public sealed class HostileTests(ITestOutputHelper output)
{
    private const int Expressions = 20_000;

    // Generous for a busy machine; what is not stopped would take hours.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly JsonElement Patient = JsonDocument.Parse("""
        {"resourceType":"Patient","id":"p","active":true,"birthDate":"1974-12-25","gender":"female","multipleBirthInteger":2,
         "name":[{"use":"official","family":"张","given":["三","丰"]},{"text":"Ann"}],"telecom":[{"system":"phone","value":"13800000000","rank":1}],
         "contact":[{"name":{"family":"王"}}],"extension":[{"url":"http://x.example","valueQuantity":{"value":3.5,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}]}
        """).RootElement;

    public static TheoryData<string, string> Hostile => new()
    {
        { "a chain as long as the text", string.Join('.', Enumerable.Repeat("name", 19_000)) },
        { "a sum as long as the text", string.Join('+', Enumerable.Repeat("1", 49_000)) },
        { "a union as long as the text", string.Join('|', Enumerable.Repeat("1", 49_000)) },
        { "calls behind each other", string.Concat(Enumerable.Repeat("name.first().", 7_000)) + "id" },
        { "indexers behind each other", "name" + string.Concat(Enumerable.Repeat("[0]", 30_000)) },
        { "type tests behind each other", "1" + string.Concat(Enumerable.Repeat(" is Integer", 9_000)) },
        { "parentheses within each other", new string('(', 49_000) + "1" + new string(')', 49_000) },
        { "signs within each other", new string('-', 99_000) + "1" },
        { "calls within each other", string.Concat(Enumerable.Repeat("iif(true,", 9_000)) + "1" + new string(')', 9_000) },
        { "indexers within each other", string.Concat(Enumerable.Repeat("name[", 10_000)) + "0" + new string(']', 10_000) },
        { "chains within chains", string.Concat(Enumerable.Repeat("a.b.c.d.e.f.g.where(", 190)) + "true" + new string(')', 190) },
        { "text that doubles by &", Grow("$total & $total", "'aaaaaaaaaaaaaaaa'") },
        { "text that doubles by +", Grow("$total + $total", "'aaaaaaaaaaaaaaaa'") },
        { "text that doubles by replace", Grow("$total.replace('a', 'aa')", "'aaaaaaaaaaaaaaaa'") },
        { "text that squares by replace", Grow("$total.replace('', $total)", "'aaaaaaaaaaaaaaaa'") },
        { "text that doubles by a pattern", Grow("$total.replaceMatches('a', '$0$0')", "'aaaaaaaaaaaaaaaa'") },
        { "text that doubles by encoding", Grow("$total.encode('hex')", "'aaaaaaaaaaaaaaaa'") },
        { "text that grows by escaping", Grow("$total.escape('html')", "'<<<<<<<<<<<<<<<<'") },
        { "text that grows by joining", Grow("($total.toChars() | 'b').join($total)", "'aaaaaaaaaaaaaaaa'") },
        { "items that double by combine", Grow("$total.combine($total)", "1") },
        { "items that double by select", Grow("$total.select(1 | 2).combine($total)", "1") },
        { "items that double without end", "1.repeatAll($this | $this + 1)" },
        { "items that grow without end", "1.repeat($this + 1)" },
        { "a walk through all walks", "descendants().descendants().select(%resource.descendants().descendants().select(%resource.descendants().descendants()))" },
        { "a pattern that backtracks", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'.matches('^(?=(a+)+$)(a+)+\\\\1$')" },
        { "a pattern of patterns", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'.matches('(((a{1,50}){1,50}){1,50}){1,50}\\\\1c')" },
        { "a pattern as long as the text", $"'a'.matches('{new string('a', 90_000)}')" },
        { "a number as long as the text", new string('9', 90_000) },
        { "fractions as long as the text", "1." + new string('9', 90_000) + " * 1." + new string('9', 9_000) },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void It_ends_with_a_sentence_in_bounded_time_and_memory(string what, string expression)
    {
        var (watch, before) = (Stopwatch.StartNew(), GC.GetTotalMemory(forceFullCollection: true));
        Exception? ended = null;
        // A thread with the small stack of a thread pool: what fits here fits everywhere.
        var thread = new Thread(() => ended = Record.Exception(() => Evaluate(expression)), 1 << 20);
        thread.Start();
        Assert.True(thread.Join(Patience), what);
        output.WriteLine($"{what}: {watch.ElapsedMilliseconds} ms, {(GC.GetTotalMemory(forceFullCollection: false) - before) >> 20} MiB, {ended?.Message}");
        if (ended is not null) Assert.IsType<FhirPathException>(ended);
    }

    [Fact]
    public void Random_expressions_answer_or_refuse_and_never_break()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TONGXIN_SEED"), out var given) ? given : 20_261;
        var made = new RandomExpressions(new Random(seed));
        var (answered, refused) = (0, 0);
        for (var i = 0; i < Expressions; i++)
        {
            var expression = made.Next();
            try
            {
                Evaluate(expression, steps: 20_000);
                answered++;
            }
            catch (FhirPathException)
            {
                refused++;
            }
            catch (Exception broke)
            {
                Assert.Fail($"seed {seed}, expression {i}: {expression}\n{broke}");
            }
        }

        output.WriteLine($"seed {seed}: {answered} answered, {refused} refused");
        Assert.True(answered > Expressions / 10);
    }

    private static string Grow(string step, string from) => $"({string.Join('|', Enumerable.Range(0, 60))}).aggregate({step}, {from})";

    private static IReadOnlyList<PathValue> Evaluate(string expression, int steps = 1_000_000) =>
        FhirPathExpression.Compile(expression).Evaluate(Patient, new FhirPathContext { Model = FirelyModel.R4, MostSteps = steps });
}
