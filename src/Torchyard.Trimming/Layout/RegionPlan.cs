using Torchyard.Trimming.Fatbins;

namespace Torchyard.Trimming.Layout;

/// <summary>A region with what stays of it.</summary>
/// <param name="Region">The region.</param>
/// <param name="Keeps">For each entry, whether it stays.</param>
internal sealed record RegionPlan(FatbinRegion Region, bool[] Keeps)
{
    /// <summary>Bytes of its entries that stay.</summary>
    public long KeptPayload
    {
        get
        {
            if (Region.Doubt is not null)
            {
                return Region.Payload;
            }

            long kept = 0;
            for (var index = 0; index < Keeps.Length; index++)
            {
                kept += Keeps[index] ? Region.Entries[index].Bytes : 0;
            }

            return kept;
        }
    }

    /// <summary>The first byte behind what stays, once that is moved together.</summary>
    public long KeptEnd => Region.EntriesAt + KeptPayload;

    /// <summary>Something of it goes.</summary>
    public bool IsChanged => KeptPayload != Region.Payload;
}
