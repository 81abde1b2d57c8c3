using System.Text.Json;
using Torchyard.Containers.Namespaces;
using Torchyard.Flows.Proving;
using Torchyard.Machine.Gpus;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;
using Torchyard.Reports.Bench;
using Torchyard.Reports.Page;
using Torchyard.Reports.Verdicts;
using Torchyard.Reports.Verify;

namespace Torchyard.Flows.Tests.Proving;

/// <summary>What comes out of a container in which this program proves the GPUs.</summary>
public sealed class ProofReportTests
{
    private static readonly GpuReport Whole = new()
    {
        Kind = "verify",
        Created = DateTimeOffset.UnixEpoch,
        Verdict = new Verdict(true, "all good", []),
        Gpus =
        [
            new GpuState
            {
                Index = 0,
                MigDevices =
                [
                    new MigDevice
                    {
                        Index = 0,
                        Uuid = "MIG-1",
                        GpuInstance = 1,
                        ComputeInstance = 0,
                    },
                ],
                Processes = [new GpuProcess(7)],
            },
        ],
        Verify =
        [
            new VerifyResult
            {
                Area = "memory",
                Name = "zeros",
                Outcome = VerifyOutcome.Passed,
                Detail = "80 GB",
                Seconds = 1.5,
                Gpu = 0,
                ErrorOverBound = 0.5,
            },
            new VerifyResult
            {
                Area = "nccl",
                Name = "all-reduce",
                Outcome = VerifyOutcome.Skipped,
                Detail = "one GPU",
                Seconds = 0,
            },
        ],
        Bench =
        [
            new BenchResult
            {
                Area = "nccl",
                Name = "all-reduce",
                Unit = "GB/s",
                Value = 1,
                Best = 2,
                Detail = "two GPUs",
                Key = "nccl.all-reduce",
            },
        ],
    };

    [Fact]
    public void A_report_is_read_from_standard_output()
    {
        var report = new GpuReport
        {
            Kind = "verify",
            Created = DateTimeOffset.UnixEpoch,
            Verdict = new Verdict(true, "all of it works", []),
        };

        var read = Read(new CommandResult(0, JsonSerializer.Serialize(report, GpuJson.Default.GpuReport), "a warning\n"));

        Assert.Equal(("verify", "all of it works"), (read.Kind, read.Verdict.Text));
    }

    [Fact]
    public void A_report_is_read_as_it_was_written_whatever_this_machine_could_not_tell()
    {
        var text = JsonSerializer.Serialize(Whole, GpuJson.Default.GpuReport);

        Assert.Equal(text, JsonSerializer.Serialize(Read(new CommandResult(0, text, "")), GpuJson.Default.GpuReport));
    }

    [Fact]
    public void A_report_that_cannot_be_read_is_not_blamed_on_glibc()
    {
        var failure = Assert.Throws<TorchyardException>(() => Read(new CommandResult(0, """{"kind":"verify"}""", "")));

        Assert.StartsWith("the report of 'torchyard verify' inside work cannot be read: ", failure.Message, StringComparison.Ordinal);
        Assert.StartsWith("see it yourself: torchyard run ", failure.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_that_prints_no_report_is_told_with_its_last_words()
    {
        var failure = Assert.Throws<TorchyardException>(() =>
            Read(new CommandResult(1, "", "/torchyard: libc.so.6: version `GLIBC_2.34' not found\n"))
        );

        Assert.Equal(
            "'torchyard verify' inside work gave no report (exit status 1): /torchyard: libc.so.6: version `GLIBC_2.34' not found",
            failure.Message
        );
        Assert.StartsWith("the image needs glibc 2.34 or later; see it yourself: torchyard run ", failure.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void The_error_of_the_program_inside_is_that_of_the_proof()
    {
        var failure = Assert.Throws<TorchyardException>(() =>
            Read(
                new CommandResult(
                    1,
                    "",
                    "warning: slow\n{\"error\":{\"code\":\"TY5002\",\"message\":\"no driver\",\"cure\":\"install it\"}}\n"
                )
            )
        );

        Assert.Equal(("TY5002", "no driver", "install it"), (failure.Code, failure.Message, failure.Cure));
    }

    [Theory]
    [InlineData("", "exec format error\nno such file\n", "exec format error no such file")]
    [InlineData("", "", "it said nothing")]
    [InlineData("not JSON", "{\"error\":{\"code\":1", "{\"error\":{\"code\":1")]
    public void Anything_else_is_no_report_and_its_last_words_are_told(string output, string error, string words)
    {
        var failure = Assert.Throws<TorchyardException>(() => Read(new CommandResult(127, output, error)));

        Assert.Equal("TY5018", failure.Code);
        Assert.Contains("exit status 127", failure.Message, StringComparison.Ordinal);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }

    private static GpuReport Read(CommandResult result) => ProofReport.Read(result, "verify", "work", SelfProgram.Current);
}
