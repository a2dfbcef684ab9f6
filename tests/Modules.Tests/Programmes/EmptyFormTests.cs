using System.Text.Json;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.Tests.Cockpit;
using Tongxin.Modules.Tests.SignIn;

namespace Tongxin.Modules.Tests.Programmes;

/// <summary>A form without answers came in by import: the rules of its programme can say nothing, and must not stop at it.</summary>
public sealed class EmptyFormTests
{
    [Fact]
    public async Task A_form_that_says_nothing_is_judged_as_undecided_and_the_person_is_brought_into_line()
    {
        await using var server = await TestServer.StartAsync();
        await server.PutAsync(Places.Tree);
        await server.PutAsync(Places.Patient("m1", "village-a1"));
        await server.PutAsync(Places.Resource("QuestionnaireResponse", "empty", $$"""
            "status":"completed","questionnaire":"{{ProgrammeCodes.Canonical("Questionnaire", "elderly-examination")}}","subject":{{Places.Reference("Patient", "m1")}},
            "authored":"{{FigureCounty.Today:yyyy-MM-dd}}"
            """));

        await FigureCounty.UntilAsync(async () =>
        {
            var found = await server.Records.SearchAsync(TestServer.Operator, "Observation", "patient=Patient/m1&category=assessment", default);
            if (found.Matches.Count is 0) return false;
            using var assessment = JsonDocument.Parse(found.Matches[0].Body);
            Assert.Equal("QuestionnaireResponse/empty", assessment.RootElement.GetProperty("derivedFrom")[0].GetProperty("reference").GetString());
            Assert.True(assessment.RootElement.TryGetProperty("dataAbsentReason", out _));
            return true;
        });
    }
}
