"""The pages of docs/ that are drawn from what runs, so that they cannot tell anything else."""
