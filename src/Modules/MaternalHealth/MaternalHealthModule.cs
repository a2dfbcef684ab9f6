using Tongxin.Web;

namespace Tongxin.Modules.MaternalHealth;

/// <summary>孕产妇健康管理: booking before 13 weeks, five antenatal visits, risk colours, postnatal visit, 42 days.</summary>
/// <remarks>Definitions only; delivery itself is the hospital's record.</remarks>
public sealed class MaternalHealthModule : HealthSystem
{
    public override string Title => "孕产妇健康管理";

    public override string TitleInEnglish => "Maternal health";
}
