package main

import "github.com/spf13/cobra"

func (c *cli) eventsVerb() *cobra.Command { return &cobra.Command{Use: "events"} }
