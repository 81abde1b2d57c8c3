using CsCheck;
using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Fit.Require;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Fit.Tests.Answer;

public sealed class FitPropertyTests
{
    private static readonly FitTables Tables = FitTables.Default;
    private static readonly FitEngine Engine = new(Tables);

    private static readonly Gen<TorchBuild> Build = Gen.Int[0, Tables.Builds.Count - 1].Select(i => Tables.Builds[i]);
    private static readonly Gen<TargetGpu> Gpu = Gen.Int[0, Tables.Models.Count - 1]
        .Select(i => FleetFile.Gpu(Tables.Models[i].Id, Tables)!);

    private static readonly Gen<DottedVersion> Driver = Gen.Select(
        Gen.Int[0, Tables.Branches.Count - 1],
        Gen.Int[0, 200],
        (branch, minor) => DottedVersion.Parse($"{Tables.Branches[branch].Branch}.{minor}")
    );

    [Fact]
    public void A_newer_driver_never_makes_a_stack_unfit_but_for_old_GPUs_and_forward_compatibility() =>
        Gen.Select(Build, Gpu, Driver, Driver)
            .Sample(
                (build, gpu, a, b) =>
                {
                    var (older, newer) = a <= b ? (a, b) : (b, a);
                    var before = Judge(build, gpu, older);
                    var after = Judge(build, gpu, newer);
                    // Documented: a branch drops the oldest GPUs, and cuda-compat accepts branches one by one.
                    var dropped = Tables.Architectures.Any(row => row.Capability == gpu.Capability && row.LastBranch < newer.Major);
                    return !before.Fits || after.Fits || dropped || before.Road == DriverRoad.Forward;
                }
            );

    [Fact]
    public void A_newer_driver_never_lengthens_the_road() =>
        Gen.Select(Build.Where(build => build.Cuda is not null), Gpu, Driver, Driver)
            .Sample(
                (build, gpu, a, b) =>
                {
                    var (older, newer) = a <= b ? (a, b) : (b, a);
                    var before = Judge(build, gpu, older).Road;
                    var after = Judge(build, gpu, newer).Road;
                    return before is DriverRoad.Forward or DriverRoad.None || after <= before;
                }
            );

    [Fact]
    public void A_newer_glibc_never_makes_a_stack_unfit() =>
        Gen.Select(Build, Gpu, Gen.Int[5, 45], Gen.Int[5, 45])
            .Sample(
                (build, gpu, a, b) =>
                {
                    var target = Machine([gpu], DottedVersion.Parse("580.95.05"));
                    var candidate = new StackCandidate(build, build.Python[0]);
                    var before = Engine.Judge(candidate, target, new FitRequest { Glibc = DottedVersion.Parse($"2.{Math.Min(a, b)}") });
                    var after = Engine.Judge(candidate, target, new FitRequest { Glibc = DottedVersion.Parse($"2.{Math.Max(a, b)}") });
                    return !before.Fits || after.Fits;
                }
            );

    [Fact]
    public void A_stack_for_two_GPUs_is_one_for_each() =>
        Gen.Select(Build, Gpu, Gpu, Driver)
            .Sample(
                (build, one, two, driver) =>
                {
                    var candidate = new StackCandidate(build, build.Python[0]);
                    var both = Engine.Judge(candidate, Machine([one, two], driver), new FitRequest());
                    return both.Fits == (Judge(build, one, driver).Fits && Judge(build, two, driver).Fits);
                }
            );

    [Fact]
    public void What_is_chosen_fits_every_machine_and_what_is_nearest_does_too() =>
        Gen.Select(Gpu, Gpu, Driver, Driver, (a, b, c, d) => new[] { Machine([a], c), Machine([b], d) })
            .Sample(
                targets =>
                {
                    var report = Engine.Resolve(new FitRequest { Torch = VersionSpecifierSet.Parse("==2.11.*") }, targets);
                    return report.Fits
                        ? report.Chosen.Count == targets.Length
                            && report.Chosen.All(verdict => verdict.Fits && verdict.Candidate.Torch.Torch == "2.11.0")
                        : report.Nearest.All(verdict => verdict.Fits)
                            && report.Stacks.All(stack => stack.Machines.All(verdict => verdict.Fits));
                },
                iter: 60
            );

    [Fact]
    public void The_set_of_stacks_is_as_small_as_a_search_of_all_sets_finds() =>
        Gen
            .Bool.Array[5]
            .Array[1, 7]
            .Sample(
                serves =>
                {
                    var verdicts = serves
                        .Select((row, s) => (IReadOnlyList<StackVerdict>)[.. row.Select((fits, m) => Verdict(s, m, fits))])
                        .ToArray();
                    var answer = FleetCover.Smallest(verdicts);
                    var reachable = Enumerable.Range(0, 5).Where(m => serves.Any(row => row[m])).ToArray();
                    var smallest = Enumerable
                        .Range(0, 1 << serves.Length)
                        .Where(mask => reachable.All(m => serves.Where((_, s) => (mask & (1 << s)) != 0).Any(row => row[m])))
                        .Min(mask => System.Numerics.BitOperations.PopCount((uint)mask));
                    return answer.Count == smallest
                        && answer
                            .SelectMany(stack => stack.Machines)
                            .Select(v => v.Target.Name)
                            .Order()
                            .SequenceEqual(reachable.Select(m => $"{m}"))
                        && answer.All(stack => stack.Machines.All(v => v.Fits));
                },
                iter: 300
            );

    [Fact]
    public void Dotted_versions_order_like_their_numbers() =>
        Gen.Select(Gen.Int[0, 600].Array[1, 4], Gen.Int[0, 600].Array[1, 4])
            .Sample(
                (a, b) =>
                {
                    var order = DottedVersion.Parse(string.Join('.', a)).CompareTo(DottedVersion.Parse(string.Join('.', b)));
                    var expected = Enumerable
                        .Range(0, 4)
                        .Select(i => a.ElementAtOrDefault(i).CompareTo(b.ElementAtOrDefault(i)))
                        .FirstOrDefault(o => o != 0);
                    return Math.Sign(order) == Math.Sign(expected);
                }
            );

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("535.")]
    [InlineData("535..1")]
    [InlineData("5.5.5.5.5")]
    [InlineData("-1")]
    [InlineData("1234567")]
    [InlineData("\u0665")]
    public void Other_texts_are_no_dotted_versions(string text) => Assert.False(DottedVersion.TryParse(text, out _));

    [Fact]
    public void Require_expressions_read_back_and_mean_the_same()
    {
        var term = Gen.Select(
            Gen.Int[0, 3].Select(i => new[] { "cuda", "driver", "arch", "brand" }[i]),
            Gen.Int[0, 5].Select(i => new[] { "=", "!=", "<", "<=", ">", ">=" }[i]),
            Gen.Int[0, 3].Select(i => new[] { "12.8", "535", "9.0", "tesla" }[i]),
            (name, op, value) => name == "brand" ? $"brand{(op == "!=" ? op : "=")}tesla" : name + op + (value == "tesla" ? "9" : value)
        );
        Gen.Select(term.Array[1, 3].Array[0, 4], Driver)
            .Sample(
                (alternatives, driver) =>
                {
                    var text = string.Join(' ', alternatives.Select(terms => string.Join(',', terms)));
                    var facts = new RequireFacts(Tables.BranchOf(driver)!.Cuda, driver, DottedVersion.Parse("9.0"), "tesla");
                    return RequireExpression.TryParse(text, out var one, out _)
                        && RequireExpression.TryParse(one.ToString(), out var two, out _)
                        && one.ToString() == text
                        && one.Holds(facts) == two.Holds(facts);
                }
            );
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("cuda>=12.2", true)]
    [InlineData("cuda>=12.8", false)]
    [InlineData("cuda>=12.8 brand=tesla,driver>=535,driver<536", true)]
    [InlineData("cuda>=12.8 brand=geforce,driver>=535,driver<536", false)]
    [InlineData("arch>=8.0,arch<9.0", false)]
    [InlineData("arch=9.0", true)]
    [InlineData("moon=full", true)]
    [InlineData("driver!=535.183.01", false)]
    public void A_space_is_OR_and_a_comma_is_AND(string text, bool holds)
    {
        Assert.True(RequireExpression.TryParse(text, out var expression, out _));
        Assert.Equal(
            holds,
            expression.Holds(
                new RequireFacts(DottedVersion.Parse("12.2"), DottedVersion.Parse("535.183.01"), DottedVersion.Parse("9.0"), "tesla")
            )
        );
    }

    [Theory]
    [InlineData("cuda")]
    [InlineData(">=12.8")]
    [InlineData("cuda>=")]
    [InlineData("cuda>=twelve")]
    [InlineData("driver>=")]
    [InlineData("arch>=sm_90")]
    [InlineData("brand>=tesla")]
    [InlineData("cuda=>12.8")]
    [InlineData("driver>=535<536")]
    public void A_wrong_term_is_named(string text)
    {
        Assert.False(RequireExpression.TryParse(text, out _, out var error));
        Assert.Contains(text, error, StringComparison.Ordinal);
    }

    private static StackVerdict Judge(TorchBuild build, TargetGpu gpu, DottedVersion driver) =>
        Engine.Judge(new StackCandidate(build, build.Python[0]), Machine([gpu], driver), new FitRequest());

    private static FitTarget Machine(IReadOnlyList<TargetGpu> gpus, DottedVersion driver) =>
        new()
        {
            Name = "node",
            Gpus = gpus,
            Driver = driver,
        };

    private static StackVerdict Verdict(int stack, int machine, bool fits) =>
        new(
            new StackCandidate(Tables.Builds[stack], "3.12"),
            new FitTarget { Name = $"{machine}" },
            DriverRoad.Direct,
            new Verdict
            {
                Rule = "stack",
                Outcome = fits ? FitOutcome.Pass : FitOutcome.Fail,
                Fact = "",
            }
        );
}
