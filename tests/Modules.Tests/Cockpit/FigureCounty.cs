using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.Tests.SignIn;

namespace Tongxin.Modules.Tests.Cockpit;

/// <summary>A county of two people with high blood pressure in one village, counted today and at the end of the last month.</summary>
internal sealed class FigureCounty : IAsyncDisposable
{
    public const string Indicator = "hypertension-control";

    private FigureCounty(TestServer server) => Server = server;

    public TestServer Server { get; }

    public static DateOnly Today => LocalTime.Today(TimeProvider.System);

    public static DateOnly MonthEnd => new DateOnly(Today.Year, Today.Month, 1).AddDays(-1);

    /// <param name="withMonths">Whether to wait until the end of the last month is counted too, which follows some seconds after today.</param>
    public static async Task<FigureCounty> OpenAsync(bool postgres = false, bool withMonths = true)
    {
        var server = await TestServer.StartAsync(postgres);
        await server.PutAsync(Places.Tree);
        await server.AddAsync("doctor", new(Role.VillageDoctor, "village-a1"), "Practitioner/d");
        await server.AddAsync("officer", new(Role.CountyCommission, "east"), "Practitioner/o");
        await server.AddAsync("city", new(Role.CityCommission, "city"), "Practitioner/c");
        await server.AddAsync("west", new(Role.CountyCommission, "west"), "Practitioner/w");
        await server.AddAsync("cdc", new(Role.DiseaseControl, "east-cdc"), "Practitioner/k");
        await server.AddAsync("auditor", new(Role.Auditor, "east"), "Practitioner/a");
        await server.PutAsync(Places.Patient("m1", "village-a1", "陈"), Places.Patient("m2", "village-a1", "林"));
        await server.PutAsync(Episode("m1"), Episode("m2"));
        var county = new FigureCounty(server);
        await UntilAsync(() => Task.FromResult(
            county.At("east", Today) is { Denominator: 2 } && (!withMonths || county.At("town-a", MonthEnd) is { Denominator: 2 })
            && !server.Services.GetRequiredService<Freshness>().IsStale));
        return county;
    }

    public Cell? At(string place, DateOnly day) => Server.Services.GetRequiredService<Board>().At(Indicator, place, day);

    /// <summary>A visit of the last month that is entered only now: the pressure was controlled. The programme judges it a moment later.</summary>
    public Task LateVisitAsync(string person) => Server.PutAsync(Form($"late-{person}", "hypertension-follow-up", person, $$$"""
        ,"item":[{"linkId":"visit-date","answer":[{"valueDate":"{{{LateDay}}}"}]},{"linkId":"visit-method","answer":[{"valueCoding":{"code":"1"}}]},
        {"linkId":"symptoms-hypertension","answer":[{"valueCoding":{"code":"1"}}]},{"linkId":"systolic","answer":[{"valueInteger":128}]},
        {"linkId":"diastolic","answer":[{"valueInteger":78}]},{"linkId":"adverse-reaction","answer":[{"valueCoding":{"code":"1"}}]},
        {"linkId":"complication","answer":[{"valueCoding":{"code":"1"}}]}]
        """));

    private static string LateDay => $"{MonthEnd.AddDays(-9):yyyy-MM-dd}";

    private static string Form(string id, string form, string person, string more = "") => Places.Resource("QuestionnaireResponse", id, $$"""
        "status":"completed","questionnaire":"{{ProgrammeCodes.Canonical("Questionnaire", form)}}","subject":{{Places.Reference("Patient", person)}},
        "authored":"{{LateDay}}"{{more}}
        """);

    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var tries = 0; tries < 360; tries++)
        {
            if (await holds()) return;
            await Task.Delay(250, TestContext.Current.CancellationToken);
        }

        Assert.Fail("It did not come within a minute and a half.");
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private static string Episode(string person) => Places.Resource("EpisodeOfCare", $"e-{person}", $$"""
        "status":"active","type":[{{Places.Concept(ProgrammeCodes.Programme, "hypertension")}}],"patient":{{Places.Reference("Patient", person)}},
        "managingOrganization":{{Places.Reference("Organization", "village-a1")}},"period":{"start":"{{MonthEnd.AddDays(-20):yyyy-MM-dd}}"}
        """);
}
