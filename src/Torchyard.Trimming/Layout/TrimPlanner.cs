using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Trimming.Elf;
using Torchyard.Trimming.Errors;
using Torchyard.Trimming.Fatbins;
using Torchyard.Trimming.Rules;

namespace Torchyard.Trimming.Layout;

/// <summary>Decides what becomes of a file; reads its headers and nothing of its code.</summary>
public static class TrimPlanner
{
    /// <summary>Plans the trimming of a file; null for what is not a linked ELF file with device code.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Its name for people.</param>
    /// <param name="targets">The GPUs that it must still run on.</param>
    /// <exception cref="TorchyardException">TY3080: it is damaged; TY3082: it became shorter meanwhile.</exception>
    public static TrimPlan? Plan(SafeFileHandle file, string name, TrimTargets targets)
    {
        ArgumentNullException.ThrowIfNull(targets);
        if (ElfFile.Read(file, name) is not { } elf)
        {
            return null;
        }

        var sections = FatbinReader.Read(file, elf);
        if (sections.Count == 0)
        {
            return null;
        }

        var doubts = new List<string>();
        var regions = Regions(elf, sections, targets, doubts);
        foreach (var index in PointerCheck.PointedInto(file, elf, regions))
        {
            doubts.Add($"a fatbin at 0x{regions[index].Region.Offset:x} is pointed into, and stays whole");
            regions[index] = regions[index] with { Keeps = [.. regions[index].Keeps.Select(_ => true)] };
        }

        var classes = new ClassTable();
        foreach (var (region, keeps) in regions)
        {
            for (var index = 0; index < keeps.Length; index++)
            {
                classes.Add(region.Entries[index], keeps[index]);
            }
        }

        Explain(sections, regions, doubts);
        var plan = new TrimPlan
        {
            Pieces = [],
            BytesBefore = elf.Length,
            BytesAfter = elf.Length,
            ZeroBytes = 0,
            Classes = classes.Classes,
            Regions = regions.Count,
            EmptiedRegions = regions.Count(one => one.Region.Payload > 0 && one.KeptPayload == 0),
            Doubts = doubts,
        };
        return regions.Any(one => one.IsChanged) ? Changed(file, elf, sections, regions, plan) : plan;
    }

    private static List<RegionPlan> Regions(ElfFile elf, IReadOnlyList<FatbinSection> sections, TrimTargets targets, List<string> doubts)
    {
        var regions = new List<RegionPlan>();
        foreach (var section in sections)
        {
            var header = elf.Sections[section.Index];
            var isPlaced = elf.Segments.Any(segment =>
                segment.Maps(section.Offset, section.Bytes) && segment.Address - segment.Offset == header.Address - header.Offset
            );
            if (!isPlaced)
            {
                doubts.Add($"{section.Name} is not mapped as its section says, and stays whole");
            }

            foreach (var region in section.Regions)
            {
                var keeps = TrimRule.Keeps(region, targets);
                if (!isPlaced)
                {
                    Array.Fill(keeps, true);
                }

                regions.Add(new RegionPlan(region, keeps));
            }
        }

        return regions;
    }

    private static void Explain(IReadOnlyList<FatbinSection> sections, List<RegionPlan> regions, List<string> doubts)
    {
        var strange = regions.Where(one => one.Region.Doubt is not null).ToList();
        if (strange.Count > 0)
        {
            doubts.Add(
                $"{Count.Of(strange.Count, "fatbin")} ({ByteSize.Decimal(strange.Sum(one => one.Region.Payload))}) with entries of an "
                    + "unknown form, left whole"
            );
        }

        var unknown = sections.Sum(section => section.UnknownBytes);
        if (unknown > 0)
        {
            doubts.Add($"{ByteSize.Decimal(unknown)} of device code in an unknown form, which stay");
        }

        foreach (
            var (kind, what) in (ReadOnlySpan<(EntryKind, string)>)
                [
                    (EntryKind.LtoIr, "code for linking at run time (LTO-IR)"),
                    (EntryKind.Debug, "code with debug information"),
                    (EntryKind.Unknown, "entries of an unknown kind"),
                ]
        )
        {
            var bytes = regions.SelectMany(one => one.Region.Entries).Where(entry => entry.Kind == kind).Sum(entry => entry.Bytes);
            if (bytes > 0)
            {
                doubts.Add($"{ByteSize.Decimal(bytes)} of {what}, which stay");
            }
        }
    }

    private static TrimPlan Changed(
        SafeFileHandle file,
        ElfFile elf,
        IReadOnlyList<FatbinSection> sections,
        List<RegionPlan> regions,
        TrimPlan plan
    )
    {
        var plans = new Dictionary<FatbinRegion, RegionPlan>(ReferenceEqualityComparer.Instance);
        foreach (var region in regions)
        {
            plans.Add(region.Region, region);
        }

        var holes = Holes.Choose(elf, sections.SelectMany(section => Holes.Free(section, plans)));
        var layout = holes.Count == 0 ? null : new ShrunkLayout(elf, holes);
        if (layout is not null && layout.Length >= elf.Length)
        {
            layout = null;
        }

        var output = new OutputPieces(layout is null ? [] : holes);
        output.Add(0, layout?.DataStart ?? 0, layout is null ? OutputPiece.Zeros(0) : OutputPiece.Of(layout.Prefix()));
        var at = layout?.DataStart ?? 0;
        foreach (var region in regions.Where(one => one.IsChanged))
        {
            output.AddCopy(at, at, region.Region.Offset - at);
            Add(file, elf, region, output);
            at = region.Region.End;
        }

        output.AddCopy(at, at, (layout?.DataEnd ?? elf.Length) - at);
        if (layout is not null)
        {
            output.Finish(layout.SectionsAt, layout.SectionTable());
        }

        return plan with
        {
            Pieces = output.Pieces,
            BytesAfter = output.Pieces.Sum(piece => piece.Bytes),
            ZeroBytes = output.Pieces.Where(piece => piece.From < 0 && piece.Content.IsEmpty).Sum(piece => piece.Bytes),
        };
    }

    private static void Add(SafeFileHandle file, ElfFile elf, RegionPlan plan, OutputPieces output)
    {
        var region = plan.Region;
        var header = new byte[FatbinFormat.RegionHeaderBytes];
        if (!ElfFile.TryRead(file, header, region.Offset))
        {
            throw TrimErrors.ChangedMeanwhile(elf.Name);
        }

        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(FatbinFormat.SizeField), plan.KeptPayload);
        output.Add(region.Offset, region.EntriesAt, OutputPiece.Of(header));
        var at = region.EntriesAt;
        for (var index = 0; index < plan.Keeps.Length; index++)
        {
            if (plan.Keeps[index])
            {
                output.AddCopy(at, region.Entries[index].Offset, region.Entries[index].Bytes);
                at += region.Entries[index].Bytes;
            }
        }

        output.AddZeros(at, region.End - at);
    }
}
