using Tongxin.Web;

namespace Tongxin.Modules.SevereMentalDisorders;

/// <summary>严重精神障碍患者管理: a protected programme of definitions only; everything it writes is labelled PSY and seen only by roles of that compartment.</summary>
public sealed class SevereMentalDisordersModule : HealthSystem
{
    public override string Title => "严重精神障碍患者管理";

    public override string TitleInEnglish => "Severe mental disorders";
}
