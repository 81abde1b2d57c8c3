using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Fit.Tests.Fixtures;

namespace Torchyard.Fit.Tests.Answer;

/// <summary>Cases whose expectations were written down from the sources, independently of the program's tables.</summary>
public sealed class FitCaseTableTests
{
    private static readonly FitTables Tables = FitTables.Default;

    public static TheoryData<string> Cases() =>
        [.. FitFixtures.Read("cases.tsv").Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#')];

    [Fact]
    public void There_are_at_least_three_hundred_cases() => Assert.InRange(Cases().Count, 300, int.MaxValue);

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_verdict_is_what_the_source_says(string line)
    {
        var fields = line.Split('\t');
        var (torch, build, driver, gpu, architecture, python, glibc, expected) = (
            fields[0],
            fields[1],
            fields[2],
            fields[3],
            fields[4],
            fields[5],
            fields[6],
            fields[7]
        );
        Assert.NotEmpty(fields[8]);
        var row = Tables.Builds.Concat(Tables.DebianBuilds).FirstOrDefault(row => row.Torch == torch && row.Build == build);
        if (expected == "absent")
        {
            Assert.Null(row);
            return;
        }

        Assert.NotNull(row);
        var (request, targets) = new FitQuestion
        {
            Driver = driver == "-" ? "none" : driver,
            Gpus = [gpu == "-" ? "none" : gpu],
            Architecture = architecture == "-" ? null : architecture,
            Glibc = glibc,
        }.Read(new MachineGpus(null, null, [], []), "case", "x86_64", null, Tables);
        var verdict = new FitEngine(Tables).Judge(new StackCandidate(row, python), targets[0], request);
        var limited = verdict.Verdict.Parts.Where(part => part.Outcome == FitOutcome.Limited).Select(part => part.Rule);
        var failed = verdict.Verdict.Parts.Where(part => part.Outcome == FitOutcome.Fail).Select(part => part.Rule);
        switch (expected.Split(':'))
        {
            case ["passes"]:
                Assert.Equal((FitOutcome.Pass, line), (verdict.Outcome, line));
                break;
            case ["fits"]:
                Assert.True(verdict.Fits, string.Join('\n', VerdictText.Lines(verdict.Verdict)));
                break;
            case ["limited", var rule]:
                Assert.Equal((FitOutcome.Limited, line), (verdict.Outcome, line));
                Assert.Equal([rule], limited);
                break;
            case ["fails", var rule]:
                Assert.Equal((FitOutcome.Fail, line), (verdict.Outcome, line));
                Assert.Contains(rule, failed);
                break;
            default:
                Assert.Fail($"'{expected}' is not an expectation");
                break;
        }
    }
}
