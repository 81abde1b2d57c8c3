using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Fit.Live;
using Torchyard.Packages.Python.Wheels;

namespace Torchyard.Fit.Tests.Live;

public sealed class LiveTablesTests
{
    private static readonly FitTables Tables = FitTables.Default;

    [Fact]
    public void A_build_that_the_index_has_has_the_Pythons_and_tags_of_the_index()
    {
        var row = Row(
            With(
                new IndexedBuild
                {
                    Torch = "2.9.1",
                    Build = "cu128",
                    X86 = ["3.12", "3.13", "3.15", "3.13t"],
                    Arm = ["3.12"],
                    X86Glibc = 34,
                }
            ),
            "2.9.1",
            "cu128"
        );
        Assert.Equal(["3.12", "3.13"], row!.Python);
        Assert.Equal(["3.15", "3.13t"], row.PythonExperimental);
        Assert.Equal(["3.13", "3.15", "3.13t"], row.Aarch64Without);
        Assert.Equal("2.34", row.GlibcOf("x86_64").ToString());
        Assert.Equal("2.28", row.GlibcOf("aarch64").ToString());
        Assert.Null(row.Inferred);
    }

    [Fact]
    public void A_build_that_the_index_lacks_is_not_offered_where_the_index_has_others_of_its_kind()
    {
        var tables = With(
            new IndexedBuild
            {
                Torch = "2.9.1",
                Build = "cu128",
                X86 = ["3.13"],
            }
        );
        Assert.Null(Row(tables, "2.8.0", "cu128"));
        Assert.NotNull(Row(tables, "2.8.0", "cu126"));
    }

    [Fact]
    public void A_wheel_for_Arm_that_no_table_knows_is_limited()
    {
        var tables = With(
            new IndexedBuild
            {
                Torch = "2.8.0",
                Build = "cu128",
                X86 = ["3.13"],
                Arm = ["3.13"],
            }
        );
        var verdict = Judge(tables, "2.8.0", "cu128", "gh200", "580.95.05");
        Assert.Equal(FitOutcome.Limited, verdict.Outcome);
        Assert.Contains("taken to be those of 2.7.1+cu128", Fact(verdict, "build"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_release_that_no_table_knows_is_judged_by_its_METADATA_and_the_nearest_known_build()
    {
        var pins = SnapshotReader.Pins(
            WheelMetadata.Parse(
                """
                Metadata-Version: 2.1
                Name: torch
                Version: 2.15.0+cu132
                Requires-Dist: filelock
                Requires-Dist: cuda-toolkit[cublas,cudart]==13.2.2; platform_system == "Linux"
                Requires-Dist: nvidia-cudnn-cu13==9.30.0.11; platform_system == "Linux"
                Requires-Dist: nvidia-nccl-cu13==2.32.3; platform_system == "Linux"
                Requires-Dist: triton==3.9.0; platform_system == "Linux"

                """u8
            )
        );
        var tables = With(
            new IndexedBuild
            {
                Torch = "2.15.0",
                Build = "cu132",
                X86 = ["3.13", "3.14"],
                X86Glibc = 28,
                Pins = pins,
            }
        );
        var row = Row(tables, "2.15.0", "cu132")!;
        Assert.Equal(("13.2.2", "9.30.0.11", "2.32.3", "3.9.0"), (row.Cuda.ToString(), row.Cudnn, row.Nccl, row.Triton));
        Assert.Equal(FitOutcome.Limited, Judge(tables, "2.15.0", "cu132", "h100", "595.58.03").Outcome);
        // What the nearest build has no code for, this one is not taken to have.
        Assert.Equal(FitOutcome.Fail, Judge(tables, "2.15.0", "cu132", "v100", "580.95.05").Outcome);
        Assert.Null(row.Aarch64);
    }

    [Theory]
    [InlineData("2.15.0", "cu140")]
    [InlineData("2.3.1", "cu121")]
    public void Of_a_CUDA_family_that_nothing_is_known_of_and_of_the_oldest_releases_nothing_is_guessed(string torch, string build) =>
        Assert.Null(
            Row(
                With(
                    new IndexedBuild
                    {
                        Torch = torch,
                        Build = build,
                        X86 = ["3.12"],
                    }
                ),
                torch,
                build
            )
        );

    [Fact]
    public void A_release_that_was_taken_back_is_limited() =>
        Assert.Contains(
            "taken back",
            Fact(
                Judge(
                    With(
                        new IndexedBuild
                        {
                            Torch = "2.9.1",
                            Build = "cu128",
                            X86 = ["3.13"],
                            IsYanked = true,
                        }
                    ),
                    "2.9.1",
                    "cu128",
                    "h100",
                    "580.95.05"
                ),
                "build"
            ),
            StringComparison.Ordinal
        );

    [Fact]
    public void The_table_agrees_with_an_index_that_has_just_what_it_says()
    {
        var same = Snapshot([
            .. Tables.Builds.Select(row => new IndexedBuild
            {
                Torch = row.Torch,
                Build = row.Build,
                X86 = [.. row.Python, .. row.PythonExperimental],
                Arm = row.Aarch64 is null
                    ? []
                    : [.. row.Python.Concat(row.PythonExperimental).Where(python => row.HasPython(python, "aarch64"))],
            }),
        ]);
        Assert.Empty(TableCheck.Of(Tables, same).Differences);
    }

    [Fact]
    public void What_is_kept_reads_back_and_what_is_damaged_does_not()
    {
        var snapshot = Snapshot([
            new IndexedBuild
            {
                Torch = "2.9.1",
                Build = "cu128",
                X86 = ["3.13"],
                Pins = new IndexedPins { Nccl = "2.27.5" },
            },
        ]);
        var read = IndexSnapshot.FromJson(snapshot.ToJson());
        Assert.Equal(("2026-11-30", "2.27.5"), (read!.Day, read.Builds[0].Pins!.Nccl));
        Assert.Null(IndexSnapshot.FromJson("{"u8));
        Assert.Null(IndexSnapshot.FromJson((snapshot with { Form = 99 }).ToJson()));
    }

    private static FitTables With(params IndexedBuild[] builds) => LiveTables.With(Tables, Snapshot(builds));

    private static IndexSnapshot Snapshot(IReadOnlyList<IndexedBuild> builds) =>
        new()
        {
            AsOf = new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero),
            Index = "https://index.test/whl/",
            Builds = builds,
        };

    private static TorchBuild? Row(FitTables tables, string torch, string build) =>
        tables.Builds.FirstOrDefault(row => row.Torch == torch && row.Build == build);

    private static string Fact(StackVerdict verdict, string rule) => Assert.Single(verdict.Verdict.Parts, part => part.Rule == rule).Fact;

    private static StackVerdict Judge(FitTables tables, string torch, string build, string gpu, string driver)
    {
        var (request, targets) = new FitQuestion { Gpus = [gpu], Driver = driver }.Read(
            new MachineGpus(null, null, [], []),
            "here",
            "x86_64",
            null,
            tables
        );
        return new FitEngine(tables).Judge(new StackCandidate(Row(tables, torch, build)!, "3.13"), targets[0], request);
    }
}
