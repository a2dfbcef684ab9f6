using Tongxin.Kernel.People;

namespace Tongxin.Host.Demo;

/// <summary>One resident of the demo county.</summary>
internal sealed record Resident
{
    public required string Id { get; init; }
    public required string HouseholdId { get; init; }
    public required Village Village { get; init; }
    public required string Family { get; init; }
    public required string Given { get; init; }
    public required bool IsMale { get; init; }
    public required DateOnly Birth { get; init; }

    /// <summary>Null for the two in a hundred who have none (children without a number, records made in a hurry).</summary>
    public required CitizenId? Identity { get; init; }

    /// <summary>17 digits: village code and a serial (国家基本公共卫生服务规范 居民健康档案).</summary>
    public required string RecordNumber { get; init; }

    /// <summary>Numbers of the block 100, which no exchange connects; shared within a household by some.</summary>
    public required string? Phone { get; init; }

    /// <summary>Nobody changed the address when the village came to another town.</summary>
    public required bool HasOldAddress { get; init; }

    public DateOnly? DiedOn { get; init; }

    public int AgeOn(DateOnly day) => day.Year - Birth.Year - (day < Birth.AddYears(day.Year - Birth.Year) ? 1 : 0);
}

/// <summary>Hands out what two people never share: the serial of a village's record numbers and the order number of a birthday.</summary>
internal sealed class Serials
{
    private const int OrdersOfDay = 500;
    private readonly Dictionary<string, int> ofVillage = new(StringComparer.Ordinal);
    private readonly Dictionary<(DateOnly Birth, bool IsMale), int> ofDay = [];

    public string RecordNumber(Village village) =>
        $"{village.Former?.VillageCode ?? village.Code}{ofVillage[village.Id] = ofVillage.GetValueOrDefault(village.Id) + 1:00000}";

    /// <summary>Odd for men, even for women (GB 11643).</summary>
    public int Order(DateOnly birth, bool isMale)
    {
        var order = ofDay[(birth, isMale)] = ofDay.GetValueOrDefault((birth, isMale)) + 1;
        return order % OrdersOfDay * 2 + (isMale ? 1 : 0);
    }
}

/// <summary>Fills the villages with households of real shapes: the old alone or as a couple, three generations, the young with a child.</summary>
internal static class Households
{
    private const double WithoutNumber = 0.02;
    private const double WithOldAddress = 0.5;
    private const double ShareOfDead = 0.006;

    public static IEnumerable<IReadOnlyList<Resident>> Draw(ulong seed, Places places, int residents, DateOnly today)
    {
        var villages = places.Villages.ToList();
        var (made, serials) = (0, new Serials());
        for (var h = 0; made < residents; h++)
        {
            var chance = Chance.For(seed, $"household {h}");
            var village = villages[h % villages.Count];
            var members = Draw(chance, serials, h, village, made, today).Take(residents - made).ToList();
            made += members.Count;
            yield return members;
        }
    }

    private static IEnumerable<Resident> Draw(Chance chance, Serials serials, int household, Village village, int serial, DateOnly today)
    {
        var surname = Names.Surname(chance);
        var phone = Phone(chance);
        var oldAddress = village.Former is not null && Chance.For((ulong)household, $"address {village.Id}").Happens(WithOldAddress);
        foreach (var (age, isMale, isOfFamily) in Shape(chance))
        {
            var birth = today.AddYears(-age).AddDays(-chance.Between(0, 364));
            serial++;
            yield return new()
            {
                Id = $"p{serial:0000000}",
                HouseholdId = $"h{household:0000000}",
                Village = village,
                Family = isOfFamily ? surname : Names.Surname(chance),
                Given = Names.Given(chance, isMale, birth.Year),
                IsMale = isMale,
                Birth = birth,
                Identity = chance.Happens(WithoutNumber) ? null : CitizenId.Make(Places.Division, birth, serials.Order(birth, isMale)),
                RecordNumber = serials.RecordNumber(village),
                HasOldAddress = oldAddress,
                Phone = age < 12 ? phone : chance.Happens(0.6) ? Phone(chance) : chance.Happens(0.85) ? phone : null,
                DiedOn = age > 60 && chance.Happens(ShareOfDead * (age - 55) / 5) ? today.AddDays(-chance.Between(10, 900)) : null,
            };
        }
    }

    private static IEnumerable<(int Age, bool IsMale, bool IsOfFamily)> Shape(Chance chance)
    {
        switch (chance.Pick<int>([(0, 14), (1, 24), (2, 22), (3, 26), (4, 14)]))
        {
            case 0:
                yield return (chance.Between(58, 92), chance.Happens(0.4), true);
                break;
            case 1:
                var elder = chance.Between(55, 86);
                yield return (elder, true, true);
                yield return (Math.Max(50, elder - chance.Between(-2, 5)), false, false);
                break;
            case 2:
                var parent = chance.Between(24, 42);
                yield return (parent, true, true);
                yield return (Math.Max(21, parent - chance.Between(-1, 4)), false, false);
                for (var child = 0; child < chance.Between(0, 2); child++) yield return (Math.Max(0, parent - 24 - chance.Between(0, 8)), chance.Happens(0.52), true);
                break;
            case 3:
                var middle = chance.Between(34, 55);
                yield return (middle + chance.Between(22, 30), chance.Happens(0.45), true);
                yield return (middle, true, true);
                yield return (Math.Max(30, middle - chance.Between(-1, 4)), false, false);
                for (var child = 0; child < chance.Between(1, 2); child++) yield return (Math.Max(0, middle - 25 - chance.Between(0, 6)), chance.Happens(0.52), true);
                break;
            default:
                var age = chance.Between(44, 60);
                yield return (age, true, true);
                yield return (age - chance.Between(-1, 4), false, false);
                yield return (Math.Max(1, age - chance.Between(23, 28)), chance.Happens(0.55), true);
                break;
        }
    }

    private static string Phone(Chance chance) => $"100{chance.Between(0, 99_999_999):00000000}";
}
