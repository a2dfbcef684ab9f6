using Tongxin.Web;

namespace Tongxin.Modules.DataQuality;

/// <summary>数据质量与真实性核查: detectors of readings and visits that look invented; definitions only.</summary>
public sealed class DataQualityModule : HealthSystem
{
    public override string Title => "数据质量与真实性核查";

    public override string TitleInEnglish => "Data quality";
}
