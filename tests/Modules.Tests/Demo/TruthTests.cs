using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Host.Demo;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.People;
using Tongxin.Kernel.People.Matching;
using Tongxin.Kernel.Terminology;
using Tongxin.Modules.People;

namespace Tongxin.Modules.Tests.Demo;

/// <summary>What the truth file says was planted stands in the record, and is found by those whose work it is.</summary>
public sealed class TruthTests(County county, ITestOutputHelper output) : IClassFixture<County>
{
    [Fact]
    public async Task Three_in_a_hundred_are_registered_twice_under_another_number()
    {
        var people = await county.AllAsync("Patient");
        var planted = county.Truth[Planted.Duplicate].ToList();
        Assert.InRange(planted.Count * 1.0 / (people.Count - planted.Count), 0.02, 0.04);
        Assert.Equal(people.Keys.Where(id => id.StartsWith('q')).Order(), planted.Select(p => p.Person!).Order());
        foreach (var pair in planted)
        {
            var (one, other) = (people[pair.Of!], people[pair.Person!]);
            Assert.NotEqual(Identifier(one, "https://tongxin.health/id/record-number"), Identifier(other, "https://tongxin.health/id/record-number"));
            Assert.Equal(pair.Differs!.Contains("number"), Identifier(one, CitizenId.System) != Identifier(other, CitizenId.System));
            Assert.Equal(pair.Differs!.Contains("name"), Name(one) != Name(other));
            Assert.Equal(pair.Differs!.Contains("birth"), one.GetProperty("birthDate").GetString() != other.GetProperty("birthDate").GetString());
        }
    }

    [Fact]
    public async Task Two_in_a_hundred_have_no_identity_number_and_nobody_shares_one_with_a_stranger()
    {
        var people = (await county.AllAsync("Patient")).Where(p => p.Key.StartsWith('p')).ToList();
        var without = people.Where(p => Identifier(p.Value, CitizenId.System) is null).Select(p => p.Key).Order().ToList();
        Assert.Equal(without, county.Truth[Planted.NoNumber].Select(p => p.Person!).Order());
        Assert.InRange(without.Count * 1.0 / people.Count, 0.012, 0.028);
        var numbers = people.Select(p => Identifier(p.Value, CitizenId.System)).OfType<string>().ToList();
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
        var records = people.Select(p => Identifier(p.Value, "https://tongxin.health/id/record-number")!).ToList();
        Assert.Equal(records.Count, records.Distinct().Count());
    }

    [Fact]
    public async Task Five_in_a_hundred_of_the_followed_are_lost_and_their_last_visit_is_the_one_named()
    {
        var visits = (await county.AllAsync("QuestionnaireResponse")).Values.ToLookup(v => Subject(v), v => v.GetProperty("authored").GetString()!);
        var followed = (await county.AllAsync("EpisodeOfCare")).Values.Select(e => Id(e.GetProperty("patient"))).Distinct().Count();
        var lost = county.Truth[Planted.Lost].DistinctBy(p => p.Person).ToList();
        Assert.InRange(lost.Count * 1.0 / followed, 0.02, 0.09);
        foreach (var person in lost)
        {
            Assert.Equal($"{person.On:yyyy-MM-dd}", visits[person.Person!].Max());
            Assert.True(person.On < County.Day.AddDays(-365));
        }
    }

    [Fact]
    public async Task Villages_moved_and_a_township_was_merged_and_half_of_their_people_kept_the_old_address()
    {
        var organisations = await county.AllAsync("Organization");
        Assert.Equal(3, county.Truth[Planted.MovedVillage].Count());
        foreach (var moved in county.Truth[Planted.MovedVillage])
        {
            var village = organisations[moved.Organisation!];
            Assert.Equal(moved.Into, Id(village.GetProperty("partOf")));
            Assert.Equal($"{moved.On!.Value.AddDays(-1):yyyy-MM-dd}", village.GetProperty("identifier")[1].GetProperty("period").GetProperty("end").GetString());
        }

        var merged = organisations[Assert.Single(county.Truth[Planted.MergedTownship]).Organisation!];
        Assert.False(merged.GetProperty("active").GetBoolean());
        var people = await county.AllAsync("Patient");
        Assert.NotEmpty(county.Truth[Planted.OldAddress]);
        foreach (var person in county.Truth[Planted.OldAddress])
        {
            var town = organisations[person.From!].GetProperty("name").GetString()!;
            Assert.StartsWith(people[person.Person!].GetProperty("address")[0].GetProperty("city").GetString()!, town);
        }
    }

    [Fact]
    public async Task One_town_has_many_cases_of_one_illness_within_a_week()
    {
        var homes = (await county.AllAsync("Patient")).ToDictionary(p => p.Key, p => Id(p.Value.GetProperty("managingOrganization")));
        var week = $"{County.Day.AddDays(-7):yyyy-MM-dd}";
        var recent = (await county.AllAsync("Condition")).Values
            .Where(c => c.TryGetProperty("onsetDateTime", out var onset) && string.CompareOrdinal(onset.GetString(), week) > 0).ToList();
        var cluster = Assert.Single(county.Truth[Planted.Cluster]);
        Assert.All(recent, c => Assert.Equal(cluster.Illness, c.GetProperty("code").GetProperty("coding")[0].GetProperty("code").GetString()));
        var cases = recent.Where(c => homes[Subject(c)].StartsWith(cluster.Organisation!, StringComparison.Ordinal)).Select(c => Subject(c)).Order().ToList();
        Assert.Equal(county.Truth[Planted.ClusterCase].Select(p => p.Person!).Order(), cases);
        Assert.True(cases.Count >= 5);
        Assert.Equal(cases.Count, recent.Count);
    }

    [Fact]
    public async Task The_matcher_finds_who_was_registered_twice()
    {
        using var pinyin = new Pinyin();
        var records = (await county.AllAsync("Patient")).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => PatientReading.Record(p.Value, pinyin)).ToList();
        var truth = county.Truth[Planted.Duplicate].Select(p => Pair(p.Of!, p.Person!)).ToHashSet();
        var found = new Matcher().Match(records).Pairs;
        var links = found.Where(p => p.IsLink).Select(p => Pair(p.A, p.B)).ToHashSet();
        var shown = found.Select(p => Pair(p.A, p.B)).ToHashSet();
        var right = links.Count(truth.Contains);
        var (recall, precision, withReviews) = (right * 1.0 / truth.Count, right * 1.0 / links.Count, shown.Count(truth.Contains) * 1.0 / truth.Count);
        output.WriteLine($"{records.Count} registrations, {truth.Count} planted twice: linked by the machine recall {recall:0.000}, precision {precision:0.000}; " +
            $"with what a person is asked recall {withReviews:0.000}, {shown.Count} pairs");
        Assert.InRange(precision, 0.98, 1);
        Assert.InRange(recall, 0.85, 1);
        Assert.InRange(withReviews, 0.95, 1);
    }

    [Fact]
    public async Task The_detectors_find_the_two_clinics_that_invent_their_readings()
    {
        var guilty = county.Truth[Planted.FalsifiedReadings].Select(p => p.Organisation!).Order().ToList();
        Assert.Equal(2, guilty.Count);
        await county.App.StartAsync(TestContext.Current.CancellationToken);
        await CurrentAsync(county.App.Services.GetRequiredService<Freshness>());
        var board = county.App.Services.GetRequiredService<Board>();
        foreach (var detector in new[] { "detector-identical", "detector-terminal-digit" })
        {
            var clinics = board.OfKind("village", Places.CountyId).Select(v => (Clinic: v, Cell: board.At(detector, v, County.Day))).Where(c => c.Cell is not null).ToList();
            var (found, right) = (clinics.Sum(c => c.Cell!.Numerator), clinics.Where(c => guilty.Contains(c.Clinic)).Sum(c => c.Cell!.Numerator));
            var there = clinics.Where(c => guilty.Contains(c.Clinic)).Sum(c => c.Cell!.Denominator);
            output.WriteLine($"{detector}: of {there} people of the two clinics {right} found (recall {right * 1.0 / there:0.000}), " +
                $"{found - right} of {clinics.Count - 2} honest " +
                $"clinics (precision {right * 1.0 / Math.Max(1, found):0.000})");
            Assert.Equal(guilty, clinics.Where(c => c.Cell!.Numerator > 0).Select(c => c.Clinic).Order());
            Assert.InRange(right * 1.0 / there, 0.95, 1);
        }
    }

    private static async Task CurrentAsync(Freshness freshness)
    {
        for (var tries = 0; freshness.BehindSince is not null; tries++)
        {
            Assert.True(tries < 1_200, "The numbers did not become current within ten minutes.");
            await Task.Delay(500, TestContext.Current.CancellationToken);
        }
    }

    private static (string, string) Pair(string a, string b) => string.CompareOrdinal(a, b) < 0 ? (a, b) : (b, a);

    private static string Subject(JsonElement resource) => Id(resource.GetProperty("subject"));

    private static string Id(JsonElement reference) => reference.GetProperty("reference").GetString()!.Split('/')[1];

    private static string Name(JsonElement patient) => patient.GetProperty("name")[0].GetProperty("text").GetString()!;

    private static string? Identifier(JsonElement patient, string system) => patient.GetProperty("identifier").EnumerateArray()
        .Where(i => i.GetProperty("system").GetString() == system).Select(i => i.GetProperty("value").GetString()).FirstOrDefault();
}
